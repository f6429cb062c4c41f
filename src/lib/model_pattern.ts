/**
 * Whether a pattern stands for everything that another one stands for. A name is a pattern of itself; one that ends in `*`
 * stands for all names that begin so.
 */
export function covers(pattern: string, other: string): boolean {
  return pattern.endsWith('*') ? other.startsWith(pattern.slice(0, -1)) : other === pattern;
}
