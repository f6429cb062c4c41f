import { connect } from 'node:net';
import type { Material } from './material.ts';
import type { Draft } from './requests.ts';

/** What came back; without a status when the connection was closed or nothing came. */
export interface Answer {
  readonly status: number | 'closed' | 'silent';
  readonly head: string;
  readonly body: string;
}

/** Milliseconds without an answer to a whole request, after which it counts as none. */
const patience = 20_000;

/** Longer than any answer that has something to be read in it. */
const longestRead = 256 * 1024;

/**
 * Puts the material in its places.
 * @param proof stands for `{dpop}`
 * @returns the request as it goes over the wire, a character for each byte
 */
export function written(draft: Draft, material: readonly Material[], from: string, proof: string): string {
  const pieceOf = (whole: string, name: string, next: string | undefined): string => {
    const entry = material[(draft.entry + (next === undefined ? 0 : 1)) % material.length] ?? {};
    if (name === 'basic') return basicOf(entry);
    if (name === 'dpop') return proof;
    return entry[name] ?? whole;
  };
  const filled = (text: string) => text.replace(/\{(\w+)(@1)?\}/g, pieceOf);
  const body = filled(draft.body);
  const head = [
    `${draft.method} ${filled(draft.target)} HTTP/1.1`,
    'host: 127.0.0.1',
    'connection: close',
    `x-forwarded-for: ${from}`,
    ...draft.headers.map(([name, value]) => `${name}: ${filled(value)}`),
  ];
  if (body === '') return `${head.join('\r\n')}\r\n\r\n`;
  switch (draft.framing) {
    case 'length':
      return `${[...head, `content-length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
    case 'cut':
      return `${[...head, `content-length: ${body.length + 10}`].join('\r\n')}\r\n\r\n${body}`;
    default: {
      const chunks = (body.match(/.{1,1000}/gs) ?? []).map(
        (chunk) =>
          `${(chunk.length + (draft.framing === 'wrong_chunks' ? 1 : 0)).toString(16)}\r\n${chunk}\r\n`,
      );
      return `${[...head, 'transfer-encoding: chunked'].join('\r\n')}\r\n\r\n${chunks.join('')}0\r\n\r\n`;
    }
  }
}

/** Credentials of the app for HTTP Basic (RFC 6749 §2.3.1). */
export function basicOf({ clientId = '', clientSecret = '' }: Material): string {
  return Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
}

/** @param isCut whether the sender leaves before the end of its request */
export function send(url: string, bytes: string, isCut: boolean): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    let size = 0;
    let isSilent = false;
    socket.setTimeout(isCut ? 50 : patience, () => {
      isSilent = !isCut;
      socket.destroy();
    });
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > longestRead) socket.destroy();
    });
    // What it was, the close tells.
    socket.on('error', () => {});
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1').replace('HTTP/1.1 100 Continue\r\n\r\n', '');
      const end = text.indexOf('\r\n\r\n');
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
      resolve({
        status: status || (isSilent ? 'silent' : 'closed'),
        head: text.slice(0, end),
        body: text.slice(end + 4),
      });
    });
    socket.write(bytes, 'latin1');
  });
}
