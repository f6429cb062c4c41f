import { defaultScopes } from '../catalog/catalog.ts';
import { joinScope, splitScope, unknownScopes } from '../catalog/scope.ts';
import type { Clock } from '../lib/clock.ts';
import { sha256 } from '../lib/hash.ts';
import { newId, newToken } from '../lib/ids.ts';
import type { ClientStore } from '../store/contract/clients.ts';
import type { Actor, Client, ClientType, JwkSet } from '../store/records.ts';
import { readJwks } from './jwks.ts';

/** What somebody who registers an app says of it. */
export interface Registration {
  readonly name: string;
  readonly type: ClientType;
  readonly redirectUris: readonly string[];
  /** Space-separated; empty for the default ones. */
  readonly scope: string;
  /** JWK Set of the public keys that it proves itself with; null for a secret, or for a public client. */
  readonly jwks: string | null;
}

interface RegistrationDeps {
  readonly store: { readonly clients: ClientStore };
  readonly clock: Clock;
}

/** In characters. */
export const longestName = 60;
const longestUri = 2_000;
const mostUris = 20;

/** Control, direction-changing and invisible characters: they make one name look like another. */
const deceptiveCharacters = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** Parameters that our answer brings (RFC 6749 §4.1.2, RFC 9207 §2): a registered query must not hold them already. */
const responseParameters = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'];

/** Why a registration will not do, as a sentence for the person making it; null when it will. */
export function registrationComplaint(registration: Registration): string | null {
  const { name, type, redirectUris, scope } = registration;
  return (
    nameComplaint(name) ??
    redirectUrisComplaint(redirectUris, type) ??
    scopeComplaint(scope) ??
    jwksComplaint(registration)
  );
}

/**
 * Registers an app.
 * @returns the app, and for a confidential one without keys its secret, which is stored as a hash only; or what is wrong
 */
export async function registerClient(
  { store, clock }: RegistrationDeps,
  ownerId: string,
  registration: Registration,
  actor: Actor,
): Promise<
  | { readonly kind: 'registered'; readonly client: Client; readonly secret: string | null }
  | { readonly kind: 'refused'; readonly complaint: string }
> {
  const complaint = registrationComplaint(registration);
  if (complaint !== null) return { kind: 'refused', complaint };
  const jwks = jwksIn(registration.jwks);
  const secret = registration.type === 'web' && jwks === null ? newToken('cccs') : null;
  const client = await store.clients.createClient(
    {
      id: newId('cli', clock()),
      ownerId,
      name: registration.name.trim(),
      type: registration.type,
      secretHash: secret === null ? null : sha256(secret),
      jwks,
      redirectUris: [...new Set(registration.redirectUris)],
      scope: registeredScope(registration.scope),
    },
    actor,
  );
  return { kind: 'registered', client, secret };
}

/** Whether an app can prove who it is (OAuth 2.1 §2.1). */
export function isConfidential({ secretHash, jwks }: Pick<Client, 'secretHash' | 'jwks'>): boolean {
  return secretHash !== null || jwks !== null;
}

/** The keys that a registration gives, once they have been found good; null when it gives none. */
export function jwksIn(text: string | null): JwkSet | null {
  const read = text === null ? null : readJwks(text);
  return read?.kind === 'good' ? read.jwks : null;
}

/** Gives an app a new secret; the old one, or its keys, stop working at once. @returns null when the app is gone */
export async function replaceSecret(
  { store }: Pick<RegistrationDeps, 'store'>,
  clientId: string,
  actor: Actor,
): Promise<string | null> {
  const secret = newToken('cccs');
  return (await store.clients.replaceClientSecret(clientId, sha256(secret), actor)) ? secret : null;
}

/** The scope to store: known scopes once each, the default ones when none is named. */
export function registeredScope(scope: string): string {
  const scopes = splitScope(scope);
  return joinScope(scopes.length === 0 ? defaultScopes : scopes);
}

/** What is wrong with the keys of an app; null when they are good, or there are none. */
export function jwksComplaint({ type, jwks }: Pick<Registration, 'type' | 'jwks'>): string | null {
  if (jwks === null) return null;
  if (type !== 'web') return 'Only an app with a server can keep a key to itself; leave the public keys out.';
  const read = readJwks(jwks);
  return read.kind === 'refused' ? read.complaint : null;
}

/** Why an app cannot have this name; null when it can. */
export function nameComplaint(name: string): string | null {
  const trimmed = name.trim();
  if (trimmed === '') return 'Give the app a name.';
  if (trimmed.length > longestName) return `Keep the name to ${longestName} characters.`;
  return deceptiveCharacters.test(trimmed) ? 'The name holds invisible or control characters.' : null;
}

/** What is wrong with the first bad one of a registration's redirect URIs, or with their number; null when they are good. */
export function redirectUrisComplaint(uris: readonly string[], type: ClientType): string | null {
  if (uris.length === 0) return 'Give at least one redirect URI.';
  if (uris.length > mostUris) return `Give at most ${mostUris} redirect URIs.`;
  return uris.map((uri) => redirectUriComplaint(uri, type)).find((complaint) => complaint !== null) ?? null;
}

function scopeComplaint(scope: string): string | null {
  const unknown = unknownScopes(scope);
  return unknown.length === 0 ? null : `There is no scope ${unknown.join(', ')}.`;
}

/**
 * Why a redirect URI cannot be registered (OAuth 2.1 §2.3, RFC 8252 §7); null when it can. Only what every URL parser
 * reads in the same way is let in, so that the text compared later is the place the browser goes to. Web addresses need
 * https; plain http stays on the machine; an app's own scheme is for native apps and must be a domain name turned round,
 * so that two apps do not choose the same.
 */
export function redirectUriComplaint(uri: string, type: ClientType): string | null {
  const shown = JSON.stringify(uri.length > 100 ? `${uri.slice(0, 100)}…` : uri);
  if (uri.length > longestUri) return `The redirect URI ${shown} is too long.`;
  if (!/^[\x21-\x7e]+$/.test(uri) || /[\\<>"`{}|^]/.test(uri)) {
    return `The redirect URI ${shown} holds characters that a URI cannot have.`;
  }
  if (!URL.canParse(uri))
    return `The redirect URI ${shown} is no whole URL, such as https://app.example/callback.`;
  if (uri.includes('#')) return `The redirect URI ${shown} has a fragment (#…); leave it out.`;
  if (uri.includes('*')) return `The redirect URI ${shown} has a wildcard; name each address.`;
  const url = new URL(uri);
  if (url.username || url.password) return `The redirect URI ${shown} holds a user name; leave it out.`;
  if (url.href !== uri && url.href !== `${uri}/`) {
    return `Write the redirect URI ${shown} the way browsers do: ${url.href}`;
  }
  const reserved = responseParameters.find((name) => url.searchParams.has(name));
  if (reserved) return `The query of ${shown} must not hold ${reserved}; our answer brings its own.`;
  return schemeComplaint(url, shown, type);
}

function schemeComplaint(url: URL, shown: string, type: ClientType): string | null {
  switch (url.protocol) {
    case 'https:':
      return null;
    case 'http:':
      if (url.hostname === '127.0.0.1' || url.hostname === '[::1]') return null;
      if (url.hostname !== 'localhost') return `The redirect URI ${shown} must use https.`;
      return type === 'native' ? null : `Use 127.0.0.1 in place of localhost in ${shown} (RFC 8252 §8.3).`;
    default:
      if (type !== 'native') return `The redirect URI ${shown} must begin with https.`;
      return /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol)
        ? null
        : `The scheme of ${shown} must be a domain of yours turned round, such as com.example.app (RFC 8252 §7.1).`;
  }
}
