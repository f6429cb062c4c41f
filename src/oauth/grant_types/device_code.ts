import { sha256 } from '../../lib/hash.ts';
import type { Poll } from '../../store/polling.ts';
import { replayedProof } from '../dpop.ts';
import { OAuthError } from '../errors.ts';
import { makeFirstTokens } from './first_tokens.ts';
import type { GrantType } from './grant_type.ts';

export const deviceCodeGrantType = 'urn:ietf:params:oauth:grant-type:device_code';

/** Answers a device that asks for its tokens (RFC 8628 §3.4). */
export const deviceCode: GrantType = async (deps, request) => {
  const { devices } = deps.store;
  const { client, parameters, proof } = request;
  const code = parameters.one('device_code');
  if (code === undefined) throw new OAuthError('invalid_request', 'device_code is missing.');
  const deviceCodeHash = sha256(code);
  const approval = await devices.findApproval(deviceCodeHash);
  const first = approval ? await makeFirstTokens(deps, request, approval) : pending();
  const poll = await devices.pollDevice(
    { deviceCodeHash, clientId: client.id, proof },
    first instanceof OAuthError ? null : first.family,
  );
  const refusal = refusalOf(poll);
  if (refusal) throw refusal;
  if (first instanceof OAuthError) throw first;
  return first.response;
};

/** RFC 8628 §3.5. Null when the user has allowed it, whatever was asked for. */
function refusalOf(poll: Poll): OAuthError | null {
  switch (poll.kind) {
    case 'redeemed':
    case 'not_begun':
      return null;
    case 'pending':
      return pending();
    case 'slow_down':
      return new OAuthError(
        'slow_down',
        'Too fast; from now on wait five seconds more between two requests.',
      );
    case 'denied':
      return new OAuthError('access_denied', 'The user said no.');
    case 'proof_replayed':
      return replayedProof();
    case 'expired':
      return new OAuthError('expired_token', 'The device code has expired; start again.');
    case 'unknown':
      return new OAuthError('invalid_grant', 'The device code is not good, or has been used.');
    case 'ended':
      return new OAuthError('invalid_grant', 'The user no longer allows this.');
  }
}

function pending(): OAuthError {
  return new OAuthError(
    'authorization_pending',
    'The user has not decided yet; ask again after the interval.',
  );
}
