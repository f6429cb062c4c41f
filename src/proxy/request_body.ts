import type { IncomingMessage } from 'node:http';
import type { BodyRules } from '../catalog/route.ts';
import type { Config } from '../config.ts';
import { isObject, type JsonObject } from '../lib/json.ts';
import { jsonText } from '../lib/json_text.ts';
import type { ByteBudget } from './byte_budget.ts';
import { hasContentCoding, mediaType } from './headers.ts';
import { parseMultipart, writeMultipart } from './multipart.ts';
import { readBody } from './read_body.ts';
import { Refusal } from './refusal.ts';

/** A request body as parsed. `release` gives its bytes back to the budget. */
export interface RequestBody {
  readonly kind: 'json' | 'multipart';
  readonly fields: JsonObject;
  release(): void;
}

const mediaTypes = { json: 'application/json', multipart: 'multipart/form-data' } as const;

/**
 * Reads and parses the body that a route takes.
 * @returns null for a route that takes none; whatever was sent along is ignored
 * @throws Refusal when it is not of the route's kind, too large or cannot be parsed
 * @throws AppGone when the app breaks off
 */
export async function receiveBody(
  request: IncomingMessage,
  rules: BodyRules,
  config: Config,
  budget: ByteBudget,
): Promise<RequestBody | null> {
  if (rules.kind === 'none') return null;
  const type = mediaType(request.headers);
  const kind = rules.orJson && type === mediaTypes.json ? 'json' : rules.kind;
  if (type !== mediaTypes[kind]) {
    throw new Refusal('invalid_request', `Send content-type: ${mediaTypes[kind]}.`);
  }
  if (hasContentCoding(request.headers)) {
    throw new Refusal('invalid_request', 'Send the body without content-encoding.');
  }
  const held = await readBody(request, {
    ...(kind === 'json'
      ? { bytes: config.maxJsonBody, setting: 'COATCHECK_MAX_JSON_BODY' }
      : { bytes: config.maxUpload, setting: 'COATCHECK_MAX_UPLOAD' }),
    idle: config.streamIdleTimeout * 1000,
    budget,
  });
  try {
    const fields =
      kind === 'json'
        ? parseJsonObject(held.bytes)
        : await parseMultipart(request.headers['content-type'] ?? '', held.bytes);
    return { kind, fields, release: held.release };
  } catch (error) {
    held.release();
    throw error;
  }
}

/**
 * Writes a checked body. It is always written anew: the bytes that came may mean something else to another parser.
 * @throws Refusal when it is nested too deep to be written
 */
export function writeBody(
  kind: RequestBody['kind'],
  fields: JsonObject,
): { readonly contentType: string; readonly bytes: Buffer } {
  if (kind === 'multipart') return writeMultipart(fields);
  try {
    return { contentType: mediaTypes.json, bytes: Buffer.from(jsonText(fields)) };
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('invalid_request', 'The body is nested too deep.');
    throw error;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseJsonObject(bytes: Buffer): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(bytes));
  } catch {
    // The parser's own message would quote the body.
    throw new Refusal('invalid_request', 'The body is not JSON in UTF-8.');
  }
  if (!isObject(parsed)) throw new Refusal('invalid_request', 'The body must be a JSON object.');
  return parsed;
}
