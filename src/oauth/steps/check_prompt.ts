import { OAuthError } from '../errors.ts';
import type { Parameters } from '../parameters.ts';
import type { Step } from './step.ts';

/** What the app wants the person to see, if it says so (OpenID Connect Core §3.1.2.1). */
export function promptsOf(parameters: Parameters): readonly string[] {
  return parameters.one('prompt')?.split(' ') ?? [];
}

/** `prompt=none` asks for an answer without a page. Nobody gets it who is not signed in. */
export const checkPrompt: Step = ({ parameters, signedIn }) => {
  const prompts = promptsOf(parameters);
  if (!prompts.includes('none')) return null;
  if (prompts.length > 1) return new OAuthError('invalid_request', 'prompt=none goes with no other value.');
  return signedIn
    ? null
    : new OAuthError('login_required', 'The user has to sign in; leave out prompt=none.');
};
