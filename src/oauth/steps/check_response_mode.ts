import { OAuthError } from '../errors.ts';
import type { Step } from './step.ts';

/** How answers come back. */
export const responseModes = ['query'] as const;

/** The answer comes in the query of the redirect, as it does where no mode is asked for. */
export const checkResponseMode: Step = ({ parameters }) => {
  const mode = parameters.one('response_mode');
  return mode === undefined || responseModes.some((known) => known === mode)
    ? null
    : new OAuthError('invalid_request', 'The only response_mode is query.');
};
