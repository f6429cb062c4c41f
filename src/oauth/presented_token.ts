import type { Deps } from '../deps.ts';
import { sha256 } from '../lib/hash.ts';
import type { Client, RefreshToken } from '../store/records.ts';
import type { Standing } from '../store/standing.ts';
import { isLive } from '../store/standing.ts';
import type { AccessTokenClaims } from '../tokens/access_token.ts';

/** A token that a client asks about or wants to end, and what it stands on. */
export type PresentedToken =
  | { readonly kind: 'access'; readonly claims: AccessTokenClaims; readonly standing: Standing }
  | { readonly kind: 'refresh'; readonly token: RefreshToken; readonly standing: Standing };

/**
 * Recognizes a token of this client; `token_type_hint` is not needed for it (RFC 7009 §2.1).
 * @returns null for any other text, and for a token of another client
 */
export async function recognizeToken(
  { store, accessTokens }: Pick<Deps, 'store' | 'accessTokens'>,
  text: string,
  client: Client,
): Promise<PresentedToken | null> {
  const refresh = await store.authorizations.findRefreshToken(sha256(text));
  if (refresh) {
    return refresh.standing.family.clientId === client.id ? { kind: 'refresh', ...refresh } : null;
  }
  const claims = (await accessTokens.verify(text))?.claims;
  if (claims?.client_id !== client.id) return null;
  const standing = await store.grants.findStanding(claims.family_id);
  return standing && { kind: 'access', claims, standing };
}

/** Whether a token may still be used, at the moment its standing was read. */
export function isActive(presented: PresentedToken): boolean {
  const { standing } = presented;
  if (!isLive(standing)) return false;
  if (presented.kind === 'access') return true;
  return presented.token.usedAt === null && presented.token.expiresAt > standing.now;
}
