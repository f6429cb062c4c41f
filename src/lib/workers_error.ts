/** The worker processes do not do what they are there for. The message says what came of it. */
export class WorkersError extends Error {
  override name = 'WorkersError';
}
