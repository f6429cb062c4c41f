import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from './random.ts';

/** One thing to ask, and how. */
export interface Shot {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The app leaves: after so many milliseconds, or once it has read so many bytes. */
  readonly leaves?: { readonly after: number } | { readonly atByte: number };
}

/** How a shot ended: by its status, 0 where there was no answer, -1 where the app left before; and the code of a refusal. */
export interface Answered {
  readonly status: number;
  readonly code?: string;
}

/** Anthropic and Google have their codes in the details. */
interface WireError {
  readonly code?: string | number | null;
  readonly details?: { readonly error_code?: string; readonly 0?: { readonly reason?: string } };
}

const attempts = 4;
const mostAttempts = 100;
const longestWait = 400;

/**
 * Asks, and asks again as a client library does where that may help, each time for something else.
 * @returns how each attempt ended
 */
export async function shoot(
  url: string,
  token: string,
  random: Random,
  ask: (attempt: number) => Shot,
): Promise<readonly Answered[]> {
  const all: Answered[] = [];
  for (let answers = 0; answers < attempts && all.length < mostAttempts; ) {
    const answered = await shootOnce(url, token, ask(all.length));
    all.push(answered);
    // A server that is being started again answers nobody.
    if (answered.status !== 0) answers += 1;
    if (![0, 429, 503].includes(answered.status)) break;
    await sleep(random.between(0, longestWait));
  }
  return all;
}

async function shootOnce(url: string, token: string, { path, body, leaves }: Shot): Promise<Answered> {
  const left = new AbortController();
  const timer = leaves && 'after' in leaves ? setTimeout(() => left.abort(), leaves.after) : undefined;
  let status = 0;
  try {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: left.signal,
    });
    status = response.status;
    let bytes = 0;
    const text: Uint8Array[] = [];
    for await (const chunk of response.body ?? []) {
      text.push(chunk);
      bytes += chunk.length;
      if (leaves && 'atByte' in leaves && bytes >= leaves.atByte) left.abort();
    }
    return { status, ...codeIn(status, Buffer.concat(text).toString()) };
  } catch {
    // Left, or the server is gone.
    return { status: status || (left.signal.aborted ? -1 : 0) };
  } finally {
    clearTimeout(timer);
  }
}

function codeIn(status: number, text: string): { readonly code?: string } {
  if (status < 400) return {};
  const { error } = JSON.parse(text) as { error?: WireError };
  const { code = 'none', details } = error ?? {};
  return { code: String(details?.error_code ?? details?.[0]?.reason ?? code) };
}
