import { joinScope } from '../catalog/scope.ts';
import { sha256 } from '../lib/hash.ts';
import { newId, newToken } from '../lib/ids.ts';
import type { Actor } from '../store/records.ts';
import type { AccessTokens } from '../tokens/access_token.ts';
import { type GrantChoice, type MissingCredential, type TermsDeps, writeTerms } from './terms.ts';
import { type AccessGrant, mintAccessToken } from './token_set.ts';

interface CreateDeps extends TermsDeps {
  readonly config: { readonly issuer: string; readonly refreshTokenTtl: number };
  readonly accessTokens: AccessTokens;
}

export type CreatedGrant = AccessGrant & { readonly grant_id: string; readonly refresh_token: string };

/** Makes or replaces a grant without a page and gives out its first tokens: for the command line and for test tokens. */
export async function createGrant(
  deps: CreateDeps,
  choice: GrantChoice,
  actor: Actor,
): Promise<{ readonly kind: 'created'; readonly tokens: CreatedGrant } | MissingCredential> {
  const refreshToken = newToken('ccrt');
  const family = {
    id: newId('fam', deps.clock()),
    scope: joinScope(choice.scopes),
    dpopThumbprint: null,
    refreshTokenHash: sha256(refreshToken),
    refreshTokenExpiresAt: deps.clock() + deps.config.refreshTokenTtl * 1000,
  };
  const result = await writeTerms(deps, choice, (terms) =>
    deps.store.grants.createGrant(terms, family, actor),
  );
  if (result.kind === 'no_credential') return result;
  const access = await mintAccessToken(deps, result, choice, null);
  return {
    kind: 'created',
    tokens: { grant_id: result.grant.id, ...access, refresh_token: refreshToken },
  };
}
