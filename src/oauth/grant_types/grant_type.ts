import type { Deps } from '../../deps.ts';
import type { AccessGrant } from '../../grants/token_set.ts';
import type { ClientRequest } from '../operation.ts';

/** A successful token response (RFC 6749 §5.1). `expires_in` in seconds. */
export interface TokenResponse extends AccessGrant, Readonly<Record<string, unknown>> {
  readonly refresh_token: string;
}

/**
 * One way to get tokens.
 * @throws OAuthError with the client's mistake
 */
export type GrantType = (deps: Deps, request: ClientRequest) => Promise<TokenResponse>;
