/**
 * Reads a body to its end, or until it turns out too large; what is left then stays unread.
 * @param limit largest size in bytes
 * @returns null when it is larger
 */
export async function readBounded(body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether reading a body failed because its sender went away: that is the sender's own doing, and no failure of ours. */
export function isCutOff(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}
