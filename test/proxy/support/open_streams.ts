/** Streams that are being read, and the moments at which they fell silent. */
export interface OpenStreams {
  /** Resolves when all have ended: when each did, after its last byte, in milliseconds since the epoch. */
  readonly ends: Promise<readonly number[]>;
}

/**
 * Opens streams of the sandbox that run for twenty seconds, an event every 20 ms.
 * @param url base URL of the mount
 * @returns when every one of them has brought its first bytes
 */
export async function openStreams(url: string, token: string, count: number): Promise<OpenStreams> {
  const opened = await Promise.all(Array.from({ length: count }, () => openStream(url, token)));
  return { ends: Promise.all(opened.map(({ end }) => end)) };
}

async function openStream(url: string, token: string): Promise<{ readonly end: Promise<number> }> {
  const response = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'sandbox-long-1000',
      messages: [{ role: 'user', content: 'Go on' }],
      stream: true,
    }),
  });
  const reader = response.body?.getReader();
  if (response.status !== 200 || !reader) throw new Error(`no stream: ${await response.text()}`);
  await reader.read();
  return { end: readOn(reader) };
}

async function readOn(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // A stream that is cut breaks off.
  }
  return now();
}

/** Milliseconds since the epoch, in parts of one. */
export const now = () => performance.timeOrigin + performance.now();

/** Half, nine tenths and all of these times, in milliseconds, for people to read. */
export function distribution(times: readonly number[]): string {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]?.toFixed(0);
  return `${sorted.length} streams, silent after the revocation: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, max ${at(1)} ms`;
}
