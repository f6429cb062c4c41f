import { OAuthError } from './errors.ts';
import { countFailure } from './limits.ts';
import type { Operation } from './operation.ts';
import { recognizeToken } from './presented_token.ts';

/**
 * The revocation endpoint (RFC 7009). Either kind of token ends its whole family. An unknown token is no error: what the
 * client wants is the case already. The answer is an object because some clients cannot read an empty one.
 */
export const revoke: Operation = async (deps, { client, parameters, address }) => {
  const text = parameters.one('token');
  if (text === undefined) throw new OAuthError('invalid_request', 'token is missing.');
  const presented = await recognizeToken(deps, text, client);
  if (presented) {
    await deps.store.grants.revokeFamily(presented.standing.family.id, 'client', {
      kind: 'client',
      id: client.id,
    });
    return {};
  }
  const asking = { clientId: client.id, address };
  const refusal = await countFailure(deps, 'revoke', asking, 'temporarily_unavailable');
  if (refusal) throw refusal;
  return {};
};
