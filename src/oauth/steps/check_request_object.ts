import { OAuthError } from '../errors.ts';
import type { Step } from './step.ts';

/** Requests come as parameters. A `request_uri` is never fetched (RFC 9101 §10.4), and none is pushed (RFC 9126 §2.1). */
export const checkRequestObject: Step = ({ parameters, isPushed }) => {
  if (parameters.all('request').length > 0) {
    return new OAuthError(
      'request_not_supported',
      'Send the parameters themselves, not in a request object.',
    );
  }
  if (parameters.all('request_uri').length > 0) {
    return isPushed
      ? new OAuthError('invalid_request', 'request_uri cannot be pushed; push the parameters themselves.')
      : new OAuthError('request_uri_not_supported', 'request_uri must be one that /oauth/par has given.');
  }
  return null;
};
