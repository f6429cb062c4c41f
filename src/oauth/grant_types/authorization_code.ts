import { sha256 } from '../../lib/hash.ts';
import type { Redemption } from '../../store/redemption.ts';
import { replayedProof } from '../dpop.ts';
import { OAuthError } from '../errors.ts';
import { codeChallengeOf } from '../pkce.ts';
import { makeFirstTokens } from './first_tokens.ts';
import type { GrantType } from './grant_type.ts';

/** Stands for the challenge of a verifier that is missing or malformed: no code has it, and the attempt is counted. */
const nobodysChallenge = '';

/** Redeems an authorization code (OAuth 2.1 §4.1.3). It begins a family of tokens under the user's grant. */
export const authorizationCode: GrantType = async (deps, request) => {
  const { authorizations } = deps.store;
  const { client, parameters, proof } = request;
  const code = parameters.one('code');
  if (code === undefined) throw new OAuthError('invalid_request', 'code is missing.');
  const codeHash = sha256(code);
  const approval = await authorizations.findCode(codeHash);
  const first = approval ? await makeFirstTokens(deps, request, approval) : unknownCode('unknown');
  const redemption = await authorizations.redeemCode(
    {
      codeHash,
      clientId: client.id,
      redirectUri: parameters.one('redirect_uri') ?? null,
      codeChallenge: codeChallengeOf(parameters.one('code_verifier') ?? '') ?? nobodysChallenge,
      dpopThumbprint: proof?.thumbprint ?? null,
      proof,
    },
    first instanceof OAuthError ? null : first.family,
  );
  const refusal = refusalOf(redemption);
  if (refusal) throw refusal;
  if (first instanceof OAuthError) throw first;
  return first.response;
};

/** What is wrong with the code; null when it was good, whatever was asked for. */
function refusalOf(redemption: Redemption): OAuthError | null {
  switch (redemption.kind) {
    case 'redeemed':
      return null;
    case 'replayed':
      return invalidGrant(
        'This code has been used before; the tokens it gave have been revoked.',
        'replayed',
      );
    case 'proof_replayed':
      return replayedProof();
    case 'expired':
      return invalidGrant('The code has expired; it has to be redeemed within a minute.', 'expired');
    case 'ended':
      return invalidGrant('The user no longer allows this.', 'ended');
    case 'unknown':
      return unknownCode('unknown');
    case 'mismatch':
      return redemption.of === 'access' ? null : unknownCode(redemption.of);
  }
}

function unknownCode(detail: string): OAuthError {
  return invalidGrant('The code is not good, or is not for this client and verifier.', detail);
}

function invalidGrant(description: string, detail: string): OAuthError {
  return new OAuthError('invalid_grant', description, { detail });
}
