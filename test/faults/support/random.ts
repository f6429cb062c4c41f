/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** A whole number from `least` up to but not including `limit`. */
  between(least: number, limit: number): number;
  shuffled<Item>(items: readonly Item[]): Item[];
}

/** Mulberry32: one 32-bit word of state, good enough to pick moments. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    between: (least, limit) => least + Math.floor(next() * (limit - least)),
    shuffled: (items) =>
      items
        .map((item) => ({ item, place: next() }))
        .sort((one, other) => one.place - other.place)
        .map(({ item }) => item),
  };
}
