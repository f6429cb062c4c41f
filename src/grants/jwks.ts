import { createPublicKey } from 'node:crypto';
import type { JwkSet } from '../store/records.ts';

/** What client assertions may be signed with, by the kind of key (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). */
const algorithmsOf: Readonly<Record<string, readonly string[]>> = {
  'EC P-256': ['ES256'],
  'OKP Ed25519': ['Ed25519', 'EdDSA'],
  RSA: ['PS256', 'RS256'],
};

export const assertionAlgorithms: readonly string[] = Object.values(algorithmsOf).flat();

/** The members of a public key that are kept (RFC 7517 §4, RFC 7518 §6). */
const publicMembers = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'] as const;
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const longestText = 10_000;
const mostKeys = 10;
/** In bits; shorter ones are not refused by every library. */
const shortestRsa = 2048;

export type ReadJwks =
  | { readonly kind: 'good'; readonly jwks: JwkSet }
  | { readonly kind: 'refused'; readonly complaint: string };

/**
 * Reads the public keys that an app proves itself with, as a JWK Set (RFC 7517 §5).
 * @returns the keys without whatever else the text holds, or what is wrong as a sentence for the developer
 */
export function readJwks(text: string): ReadJwks {
  const listed = text.length > longestText ? null : keysIn(text);
  if (!listed) return refused('Give the keys as a JWK Set: {"keys": [ … ]}.');
  if (listed.length === 0 || listed.length > mostKeys) return refused(`Give one to ${mostKeys} keys.`);
  const complaint = listed.map(keyComplaint).find((each) => each !== null);
  if (complaint) return refused(complaint);
  const keys = listed.map(publicPart);
  const names = new Set(keys.map(({ kid }) => kid));
  if (keys.length > 1 && (names.has(undefined) || names.size < keys.length)) {
    return refused('Several keys need a kid each, all different.');
  }
  return { kind: 'good', jwks: { keys } };
}

function refused(complaint: string): ReadJwks {
  return { kind: 'refused', complaint };
}

/** @returns null when it is no JWK Set */
function keysIn(text: string): readonly Readonly<Record<string, unknown>>[] | null {
  try {
    const { keys } = (JSON.parse(text) ?? {}) as { readonly keys?: unknown };
    const isList = Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
    return isList ? keys : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function keyComplaint(key: Readonly<Record<string, unknown>>): string | null {
  if (privateMembers.some((member) => member in key)) {
    return 'A private or secret key is among them. Take it as leaked, make a new pair, and give the public one.';
  }
  if (publicMembers.some((member) => member in key && typeof key[member] !== 'string')) {
    return 'Every member of a key has to be a text.';
  }
  const kind = [key.kty, key.crv].filter((member) => member !== undefined).join(' ');
  const algorithms = Object.hasOwn(algorithmsOf, kind) ? algorithmsOf[kind] : undefined;
  if (!algorithms) return `A key has to be one of: ${Object.keys(algorithmsOf).join(', ')}.`;
  if (key.alg !== undefined && !algorithms.includes(String(key.alg))) {
    return `The alg of a key of kind ${kind} has to be ${algorithms.join(' or ')}.`;
  }
  if (key.use !== undefined && key.use !== 'sig') return 'The use of a key has to be sig.';
  return isSound(key)
    ? null
    : `A key of kind ${kind} is malformed, or an RSA key is under ${shortestRsa} bits.`;
}

function isSound(key: Readonly<Record<string, unknown>>): boolean {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: publicPart(key), format: 'jwk' });
    return (asymmetricKeyDetails?.modulusLength ?? shortestRsa) >= shortestRsa;
  } catch {
    return false;
  }
}

function publicPart(key: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const kept = publicMembers.filter((member) => member in key).map((member) => [member, key[member]]);
  return Object.fromEntries(kept);
}
