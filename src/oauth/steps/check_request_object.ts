import { OAuthError } from '../errors.ts';
import type { Step } from './step.ts';

/** Requests come in the query. A `request_uri` is never fetched (RFC 9101 §10.4). */
export const checkRequestObject: Step = ({ parameters }) => {
  if (parameters.all('request').length > 0) {
    return new OAuthError(
      'request_not_supported',
      'Send the parameters in the query, not in a request object.',
    );
  }
  if (parameters.all('request_uri').length > 0) {
    return new OAuthError('request_uri_not_supported', 'Send the parameters in the query, not by reference.');
  }
  return null;
};
