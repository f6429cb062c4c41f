import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import type { JsonObject } from '../lib/json.ts';
import { Refusal } from './refusal.ts';

/** A file inside a multipart body. */
interface FilePart {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

interface Part {
  readonly name: string;
  readonly value: string | FilePart;
}

const mostParts = 64;

/**
 * Parses a multipart/form-data body (RFC 7578) into its fields: text as strings, files as parts, and a list where the
 * name ends in `[]`. Any other name may occur once: two `model` fields would let one pass for the other.
 * @throws Refusal when it cannot be parsed
 */
export async function parseMultipart(contentType: string, bytes: Buffer): Promise<JsonObject> {
  const fields = new Map<string, unknown>();
  for (const { name, value } of await readParts(contentType, bytes)) {
    const before = fields.get(name);
    if (name.endsWith('[]')) fields.set(name, [...(Array.isArray(before) ? before : []), value]);
    else if (before === undefined) fields.set(name, value);
    else {
      const message = `The field ${JSON.stringify(name)} occurs twice.`;
      throw new Refusal('invalid_request', message, { param: name });
    }
  }
  return Object.fromEntries(fields);
}

async function readParts(contentType: string, bytes: Buffer): Promise<readonly Part[]> {
  const parts: (Part | Promise<Part>)[] = [];
  let tooMany = false;
  try {
    const parser = new Busboy({
      headers: { 'content-type': contentType },
      limits: { parts: mostParts, fieldSize: bytes.length, headerPairs: 16, headerSize: 8192 },
    });
    parser.on('field', (name, value) => parts.push({ name, value }));
    parser.on('file', (name, stream, filename, _encoding, type) => {
      const file = readAll(stream).then((content) => ({
        name,
        value: { filename: filename ?? 'file', contentType: type, bytes: content },
      }));
      // A broken file is reported by the parser too, and thrown from there.
      file.catch(() => {});
      parts.push(file);
    });
    parser.on('partsLimit', () => {
      tooMany = true;
    });
    const finished = once(parser, 'finish');
    parser.end(bytes);
    await finished;
    const read = await Promise.all(parts);
    if (!tooMany && read.every(({ name }) => name !== undefined)) return read;
  } catch (cause) {
    throw new Refusal('invalid_request', 'The body is not multipart/form-data.', { cause });
  }
  throw new Refusal(
    'invalid_request',
    `The body has a part without a name, or more than ${mostParts} parts.`,
  );
}

function readAll(stream: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => resolve(Buffer.concat(chunks)));
    stream.on('error', reject);
  });
}

/** Writes checked fields as a new body under a boundary of our own. */
export function writeMultipart(fields: JsonObject): { readonly contentType: string; readonly bytes: Buffer } {
  const boundary = `coatcheck-${randomBytes(18).toString('hex')}`;
  const parts = Object.entries(fields).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one: unknown) => writePart(boundary, name, one)),
  );
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
  };
}

function writePart(boundary: string, name: string, value: unknown): readonly Buffer[] {
  const file = isFile(value) ? value : null;
  const filename = file ? `; filename="${quoted(file.filename)}"` : '';
  const head = [
    `--${boundary}`,
    `content-disposition: form-data; name="${quoted(name)}"${filename}`,
    ...(file ? [`content-type: ${mediaType.test(file.contentType) ? file.contentType : anyBytes}`] : []),
  ];
  return [
    Buffer.from(`${head.join('\r\n')}\r\n\r\n`),
    file?.bytes ?? Buffer.from(String(value)),
    Buffer.from('\r\n'),
  ];
}

const mediaType = /^[\w.+-]+\/[\w.+-]+$/;
const anyBytes = 'application/octet-stream';

function isFile(value: unknown): value is FilePart {
  return typeof value === 'object' && value !== null && 'bytes' in value;
}

/** As browsers write it (HTML, multipart/form-data encoding algorithm): nothing in a name can end the header. */
function quoted(text: string): string {
  return text.replace(/[\r\n"]/g, encodeURIComponent);
}
