import type { OAuthError } from './errors.ts';
import { checkAuthorizationDetails } from './steps/check_authorization_details.ts';
import { checkDpopKey } from './steps/check_dpop_key.ts';
import { checkPkce } from './steps/check_pkce.ts';
import { checkPrompt } from './steps/check_prompt.ts';
import { checkPushed } from './steps/check_pushed.ts';
import { checkRepeated } from './steps/check_repeated.ts';
import { checkRequestObject } from './steps/check_request_object.ts';
import { checkResource } from './steps/check_resource.ts';
import { checkResponseMode } from './steps/check_response_mode.ts';
import { checkResponseType } from './steps/check_response_type.ts';
import { checkScope } from './steps/check_scope.ts';
import type { Asked, Step } from './steps/step.ts';

/** Endpoints that take an authorization request. */
type Endpoint = 'authorize' | 'par' | 'device';

/** Which rules hold where, in the order in which they are applied. */
const steps: readonly { readonly step: Step; readonly at: readonly Endpoint[] }[] = [
  { step: checkRepeated, at: ['authorize', 'par'] },
  { step: checkRequestObject, at: ['authorize', 'par'] },
  { step: checkResponseType, at: ['authorize', 'par'] },
  { step: checkResponseMode, at: ['authorize', 'par'] },
  { step: checkPkce, at: ['authorize', 'par'] },
  { step: checkDpopKey, at: ['authorize', 'par'] },
  { step: checkScope, at: ['authorize', 'par', 'device'] },
  { step: checkResource, at: ['authorize', 'par', 'device'] },
  { step: checkAuthorizationDetails, at: ['authorize', 'par', 'device'] },
  { step: checkPushed, at: ['authorize'] },
  // What is said of the person at the browser is known when they come.
  { step: checkPrompt, at: ['authorize'] },
];

/** The first rule that a request breaks; null when it keeps them all. */
export function firstFault(endpoint: Endpoint, asked: Asked): OAuthError | null {
  for (const { step, at } of steps) {
    const fault = at.includes(endpoint) ? step(asked) : null;
    if (fault) return fault;
  }
  return null;
}
