import { OAuthError } from '../errors.ts';
import type { Step } from './step.ts';

/** The thumbprint of a key that the code is to be bound to (RFC 9449 §10): a SHA-256 (RFC 7638). */
export const checkDpopKey: Step = ({ parameters }) => {
  const thumbprint = parameters.one('dpop_jkt');
  return thumbprint === undefined || /^[\w-]{43}$/.test(thumbprint)
    ? null
    : new OAuthError('invalid_request', 'dpop_jkt must be the SHA-256 thumbprint of a key, 43 characters.');
};
