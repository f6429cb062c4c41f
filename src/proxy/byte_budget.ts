/** Bytes of request bodies that all calls together may hold in memory. */
export interface ByteBudget {
  /** @returns false when they do not fit; nothing is taken then */
  take(bytes: number): boolean;
  /** Gives back what was taken. */
  give(bytes: number): void;
}

/** @param limit in bytes */
export function createByteBudget(limit: number): ByteBudget {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > limit) return false;
      held += bytes;
      return true;
    },
    give(bytes) {
      held -= bytes;
    },
  };
}
