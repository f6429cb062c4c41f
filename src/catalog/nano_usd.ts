const nanoPerUsd = 1e9;

/**
 * An amount of USD in integer nano-USD, rounded half up. Sums of binary fractions are a hair off; 15 digits put an exact
 * half back in its place.
 */
export function nanoUsd(usd: number): number {
  return Math.round(Number((usd * nanoPerUsd).toPrecision(15)));
}
