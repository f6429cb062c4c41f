import type { IncomingMessage } from 'node:http';
import { Busboy } from '@fastify/busboy';
import { isObject } from '../lib/json.ts';
import type { UploadedFile } from './call.ts';
import { bodyTooLarge, invalidRequest, Refusal } from './errors.ts';
import type { Fields } from './fields.ts';
import { sha256 } from './seed.ts';

/** OpenAI takes images of 50 MB and sounds of 25 MB. */
const maxBodyBytes = 64 * 1024 * 1024;
const maxParts = 1000;

export interface ParsedBody {
  readonly fields: Fields;
  readonly files: readonly UploadedFile[];
}

/** `either`: a form, or JSON where no file is in it. */
export type BodyKind = 'json' | 'multipart' | 'either';

export const noBody: ParsedBody = { fields: {}, files: [] };

/** Reads a body whole. Throws a `Refusal` when it is too large, and whatever the socket throws when it breaks. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.byteLength;
    // The rest is read and dropped: a client that is still sending would not see the answer.
    if (length <= maxBodyBytes) chunks.push(chunk);
  }
  if (length > maxBodyBytes) throw bodyTooLarge(maxBodyBytes);
  return Buffer.concat(chunks);
}

/** Parses a body as its content type says, if that is the one wanted. Throws a `Refusal` otherwise. */
export async function parseBody(
  kind: BodyKind,
  contentType: string | undefined,
  body: Buffer,
): Promise<ParsedBody> {
  const actual = contentType?.split(';')[0]?.trim().toLowerCase();
  const sent = actual === 'application/json' ? 'json' : 'multipart';
  const wanted = kind === 'either' ? sent : kind;
  const mediaType = wanted === 'json' ? 'application/json' : 'multipart/form-data';
  if (actual !== mediaType) {
    throw invalidRequest(
      `Unsupported content type: '${actual ?? ''}'. This API method only accepts '${mediaType}' requests.`,
    );
  }
  return wanted === 'json' ? parseJson(body) : await parseMultipart(contentType ?? '', body);
}

function parseJson(body: Buffer): ParsedBody {
  const problem = invalidRequest(
    'We could not parse the JSON body of your request. The API expects a JSON object.',
  );
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw problem;
  }
  if (!isObject(value)) throw problem;
  return { fields: value, files: [] };
}

async function parseMultipart(contentType: string, body: Buffer): Promise<ParsedBody> {
  try {
    return await multipartFields(contentType, body);
  } catch (error) {
    throw error instanceof Refusal
      ? error
      : invalidRequest('We could not parse the multipart form of your request.');
  }
}

function multipartFields(contentType: string, body: Buffer): Promise<ParsedBody> {
  return new Promise((resolve, reject) => {
    const fields = new Map<string, string | string[]>();
    const files: UploadedFile[] = [];
    const parser = new Busboy({
      headers: { 'content-type': contentType },
      limits: { parts: maxParts, fieldSize: maxBodyBytes },
    });
    parser.on('field', (name, value) => {
      const { field, isList } = listName(name);
      const before = fields.get(field);
      fields.set(field, isList ? [...(Array.isArray(before) ? before : []), value] : value);
    });
    parser.on('file', (name, stream) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const bytes = Buffer.concat(chunks);
        files.push({ field: listName(name).field, bytes, sha256: sha256(bytes) });
      });
    });
    parser.on('partsLimit', () => reject(invalidRequest('Too many parts in the multipart form.')));
    parser.on('error', reject);
    parser.on('finish', () => resolve({ fields: Object.fromEntries(fields), files }));
    parser.end(body);
  });
}

/** OpenAI's clients send lists as repeated fields called `name[]`. */
function listName(name: string): { field: string; isList: boolean } {
  return name.endsWith('[]') ? { field: name.slice(0, -2), isList: true } : { field: name, isList: false };
}
