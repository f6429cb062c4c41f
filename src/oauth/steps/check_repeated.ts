import { OAuthError } from '../errors.ts';
import type { Step } from './step.ts';

/** No parameter is sent twice: readers could take different ones (OAuth 2.1 §3.1). */
export const checkRepeated: Step = ({ parameters }) =>
  parameters.repeated.length === 0
    ? null
    : new OAuthError('invalid_request', 'A parameter is sent more than once.');
