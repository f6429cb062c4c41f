import { OAuthError } from '../errors.ts';
import type { Step } from './step.ts';

/** What the authorization endpoint can answer with. */
export const responseTypes = ['code'] as const;

/** Tokens are never given out in a redirect (OAuth 2.1 §10.1): the only response type is `code`. */
export const checkResponseType: Step = ({ parameters }) => {
  const type = parameters.one('response_type');
  if (type === undefined) return new OAuthError('invalid_request', 'response_type is missing; send code.');
  if (!responseTypes.some((known) => known === type)) {
    return new OAuthError('unsupported_response_type', 'The only response_type is code.');
  }
  return null;
};
