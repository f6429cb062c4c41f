import { OAuthError } from '../errors.ts';
import type { Step } from './step.ts';

/**
 * `prompt=none` asks for an answer without a page (OpenID Connect Core §3.1.2.1), which nobody gets: consent is shown
 * every time. Other values ask for less than that.
 */
export const checkPrompt: Step = ({ parameters, signedIn }) => {
  const prompts = parameters.one('prompt')?.split(' ') ?? [];
  if (!prompts.includes('none')) return null;
  if (prompts.length > 1) return new OAuthError('invalid_request', 'prompt=none goes with no other value.');
  return signedIn
    ? new OAuthError('consent_required', 'The user has to see the consent page; leave out prompt=none.')
    : new OAuthError('login_required', 'The user has to sign in; leave out prompt=none.');
};
