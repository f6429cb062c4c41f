/** The current time in milliseconds since the Unix epoch, UTC. Passed in wherever time matters, so that tests can set it. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Whole seconds since the epoch, as JWT NumericDate (RFC 7519 §2) wants them. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
