import type { Operation } from './client_endpoint.ts';
import { requireProof } from './dpop.ts';
import { OAuthError } from './errors.ts';
import { authorizationCode } from './grant_types/authorization_code.ts';
import { deviceCode, deviceCodeGrantType } from './grant_types/device_code.ts';
import type { GrantType } from './grant_types/grant_type.ts';
import { refreshToken } from './grant_types/refresh_token.ts';

/** The ways to get tokens, by `grant_type`. */
export const grantTypes: ReadonlyMap<string, GrantType> = new Map([
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
  [deviceCodeGrantType, deviceCode],
]);

/** The token endpoint (OAuth 2.1 §3.2), once the client is known. */
export const token: Operation = (deps, request) => {
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
  return grantType(deps, request);
};
