/** The store cannot be opened as it is. The message says what to do. */
export class StoreError extends Error {
  override name = 'StoreError';
}
