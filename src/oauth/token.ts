import { requireProof } from './dpop.ts';
import { asOAuthError, OAuthError } from './errors.ts';
import { authorizationCode } from './grant_types/authorization_code.ts';
import { deviceCode, deviceCodeGrantType } from './grant_types/device_code.ts';
import type { GrantType } from './grant_types/grant_type.ts';
import { refreshToken } from './grant_types/refresh_token.ts';
import { countFailure } from './limits.ts';
import type { Operation } from './operation.ts';

/** The ways to get tokens, by `grant_type`. */
export const grantTypes: ReadonlyMap<string, GrantType> = new Map([
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
  [deviceCodeGrantType, deviceCode],
]);

/** The token endpoint (OAuth 2.1 §3.2), once the client is known. */
export const token: Operation = async (deps, request) => {
  const name = request.parameters.one('grant_type');
  if (name === undefined) throw new OAuthError('invalid_request', 'grant_type is missing.');
  const grantType = grantTypes.get(name);
  if (!grantType) {
    throw new OAuthError(
      'unsupported_grant_type',
      `grant_type must be one of: ${[...grantTypes.keys()].join(', ')}.`,
    );
  }
  requireProof(request.client, request.proof);
  try {
    return await grantType(deps, request);
  } catch (thrown) {
    const error = asOAuthError(thrown);
    if (error.code !== 'invalid_grant') throw error;
    const asking = { clientId: request.client.id, address: request.address };
    throw (await countFailure(deps, 'token', asking, error.code)) ?? error;
  }
};
