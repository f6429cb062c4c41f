import { type RefusedAccess, readAccess } from '../grants/provider_access.ts';
import { parseJson, repeatsMember } from '../lib/json.ts';
import type { ProviderAccess } from '../store/records.ts';
import { OAuthError } from './errors.ts';
import type { Parameters } from './parameters.ts';

/**
 * The limits that a request brings along (RFC 9396 §2); none when it brings none.
 * @param scopes those of the request
 * @returns what is wrong with them otherwise
 */
export function readDetails(
  parameters: Parameters,
  scopes: readonly string[],
): readonly ProviderAccess[] | OAuthError {
  const text = parameters.one('authorization_details');
  if (text === undefined) return [];
  const value = parseJson(text);
  if (value === undefined) return invalidDetails({ path: [], complaint: 'must be JSON' });
  const read = readAccess(value, scopes);
  if (read.kind === 'refused') return invalidDetails(read);
  return repeatsMember(text, read.details)
    ? invalidDetails({ path: [], complaint: 'must not name a field of an object twice' })
    : read.details;
}

/** Limits that are not taken. */
export function invalidDetails({ path, complaint }: Pick<RefusedAccess, 'path' | 'complaint'>): OAuthError {
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return new OAuthError('invalid_authorization_details', `authorization_details${place}: ${complaint}.`);
}
