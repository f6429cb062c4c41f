/**
 * Every value that a header was sent with; node's own `headers` hides a second one.
 * @param rawHeaders of node's request, names and values in turn
 * @param name in lower case
 */
export function headerValues(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}
