import { countAttempts } from '../accounts/attempts.ts';
import type { Deps } from '../deps.ts';
import { isObject, type JsonObject, parseJson } from '../lib/json.ts';
import type { Fetched } from '../lib/public_fetch.ts';
import type { Client } from '../store/records.ts';
import { type ClientMetadata, readClientMetadata } from './client_metadata.ts';
import { OAuthError } from './errors.ts';

/** In bytes (CIMD §6.6). */
const largestDocument = 5 * 1024;

/** How long a document holds at most without being asked for again, in seconds; what it came with may say less. */
const longestFreshness = 3600;

const longestId = 500;

/**
 * The client that an authorization is begun for: one that is registered here, or one whose id is the URL of a document
 * about it (Client ID Metadata Document), which is fetched unless it was a short while ago.
 * @param address network address of who asks, for the rate limit
 * @returns null when there is no such client
 * @throws OAuthError `invalid_client` when it has no good document
 */
export async function findBeginningClient(deps: Deps, id: string, address: string): Promise<Client | null> {
  const { accounts, clients } = deps.store;
  const known = await clients.findClient(id);
  if (!isDocumentId(id)) return known;
  if (!(await accounts.isOpen('client_documents'))) return null;
  if (known?.freshUntil && known.freshUntil > deps.clock()) return known;
  const url = new URL(id);
  const retryAfter = await countAttempts(accounts, [
    { key: `client_document:${address}`, limit: 30, windowSeconds: 600 },
    { key: `client_document_host:${url.host}`, limit: 600, windowSeconds: 600 },
  ]);
  if (retryAfter !== null) {
    throw new OAuthError('invalid_client', 'Too many documents of apps were asked for; try again later.', {
      status: 429,
      retryAfter,
    });
  }
  const fetched = await deps.fetchPublic(url, largestDocument);
  if (fetched.kind === 'failed') throw noGoodDocument(fetched.reason);
  const freshUntil = deps.clock() + freshnessOf(fetched) * 1000;
  return clients.saveDocument({ id, ...readDocument(id, fetched.body.toString()), freshUntil });
}

/** Whether an id is a URL that a document may be at (CIMD §3), written the way browsers do: no other way is compared. */
function isDocumentId(id: string): boolean {
  if (!id.startsWith('https://') || id.length > longestId || !URL.canParse(id)) return false;
  const { href, pathname, hash, username, password } = new URL(id);
  return (
    href === id && pathname !== '/' && hash === '' && !id.endsWith('#') && username === '' && password === ''
  );
}

/** What a document says of its client. @throws OAuthError `invalid_client` */
function readDocument(id: string, text: string) {
  const said = parseJson(text);
  if (!isObject(said)) throw noGoodDocument('it is no JSON object');
  if (said.client_id !== id) throw noGoodDocument('its client_id is not the address that it is at');
  if (Object.hasOwn(said, 'client_secret') || Object.hasOwn(said, 'client_secret_expires_at')) {
    throw noGoodDocument('it holds a client_secret, which everybody can read');
  }
  const { isPublic, secretMethod: _, ...client } = readMetadata(said, new URL(id).hostname);
  if (!isPublic)
    throw noGoodDocument('its client has no secret to share: token_endpoint_auth_method must be none');
  return client;
}

/** Whoever wrote the document does not get to write on our error page: only the log says what exactly is wrong. */
function readMetadata(said: JsonObject, name: string): ClientMetadata {
  try {
    return readClientMetadata(said, { isPublic: true, name });
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const member = error.code === 'invalid_redirect_uri' ? 'redirect_uris' : 'metadata';
    throw noGoodDocument(`its ${member} cannot be taken`, error.description);
  }
}

/** How long an answer holds in seconds, by what it says of itself (RFC 9111 §5.2.2). */
function freshnessOf({ headers }: Extract<Fetched, { kind: 'fetched' }>): number {
  const cacheControl = String(headers['cache-control'] ?? '');
  if (/\bno-(store|cache)\b/i.test(cacheControl)) return 0;
  const age = /\bmax-age="?(\d{1,9})\b/i.exec(cacheControl)?.[1];
  return Math.min(longestFreshness, age === undefined ? longestFreshness : Number(age));
}

function noGoodDocument(reason: string, detail?: string): OAuthError {
  return new OAuthError('invalid_client', `The document at client_id is no good: ${reason}.`, {
    status: 400,
    ...(detail !== undefined && { detail }),
  });
}
