import { isConfidential } from '../grants/registration.ts';
import { sha256 } from '../lib/hash.ts';
import { replayedProof } from './dpop.ts';
import { OAuthError } from './errors.ts';
import { countRequest } from './limits.ts';
import type { Operation } from './operation.ts';
import { encodeParameters } from './parameters.ts';
import { recipientOf } from './recipient.ts';
import { newRequestUri } from './request_uri.ts';
import { firstFault } from './steps.ts';

/** Seconds within which the browser has to come with the reference (RFC 9126 §2.2). */
const pushedRequestLife = 90;

/** What the authorization endpoint looks at; the rest is not kept, least of all what the client proved itself by. */
const kept: ReadonlySet<string> = new Set([
  ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'resource', 'state', 'prompt'],
  ...['authorization_details', 'code_challenge', 'code_challenge_method', 'dpop_jkt'],
]);

/**
 * The pushed authorization request endpoint (RFC 9126): checks an authorization request before the browser is sent, and
 * keeps it. Every fault is told to the client, none by redirect.
 */
export const push: Operation = async (deps, { client, parameters, proof, address }) => {
  const { config, store, clock } = deps;
  const recipient = recipientOf(client, parameters);
  if (recipient.kind === 'unknown') throw recipient.error;
  const asked = { issuer: config.issuer, client, parameters, isPushed: true, signedIn: false };
  const fault = firstFault('par', asked);
  if (fault) throw fault;
  const named = parameters.one('dpop_jkt');
  if (proof && named !== undefined && named !== proof.thumbprint) {
    throw new OAuthError('invalid_request', 'dpop_jkt names another key than the proof is signed with.');
  }
  const refusal =
    !isConfidential(client) && (await countRequest(deps, 'par', { clientId: client.id, address }));
  if (refusal) throw refusal;
  const { requestUri, token } = newRequestUri();
  const pushed = {
    hash: sha256(token),
    clientId: client.id,
    // The key of the proof binds the code as dpop_jkt would (RFC 9449 §10.1).
    parameters: encodeParameters(
      parameters,
      (name) => kept.has(name),
      proof && { dpop_jkt: proof.thumbprint },
    ),
    expiresAt: clock() + pushedRequestLife * 1000,
  };
  if (!(await store.authorizations.pushRequest(pushed, proof))) throw replayedProof();
  return { request_uri: requestUri, expires_in: pushedRequestLife };
};
