import { OAuthError } from '../errors.ts';
import type { Step } from './step.ts';

/** An app may have asked that requests in its name come by PAR only (RFC 9126 §6). */
export const checkPushed: Step = ({ client, isPushed }) =>
  client.requiresPushedRequests && !isPushed
    ? new OAuthError('invalid_request', 'This app takes pushed authorization requests only; use /oauth/par.')
    : null;
