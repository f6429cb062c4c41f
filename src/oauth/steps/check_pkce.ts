import { OAuthError } from '../errors.ts';
import { codeChallengeMethods, isCodeChallenge } from '../pkce.ts';
import type { Step } from './step.ts';

/** PKCE by S256, for every client (OAuth 2.1 §4.1.1). A method left out would mean `plain` (RFC 7636 §4.3). */
export const checkPkce: Step = ({ parameters }) => {
  const challenge = parameters.one('code_challenge');
  if (challenge === undefined) {
    return new OAuthError('invalid_request', 'code_challenge is missing; PKCE is required of every app.');
  }
  const method = parameters.one('code_challenge_method');
  if (!codeChallengeMethods.some((known) => known === method)) {
    return new OAuthError('invalid_request', 'code_challenge_method must be S256.');
  }
  if (!isCodeChallenge(challenge)) {
    return new OAuthError(
      'invalid_request',
      'code_challenge must be 43 characters of base64url, the SHA-256 of the verifier.',
    );
  }
  return null;
};
