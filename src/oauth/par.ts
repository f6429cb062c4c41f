import { sha256 } from '../lib/hash.ts';
import type { Operation } from './client_endpoint.ts';
import { encodeParameters } from './parameters.ts';
import { recipientOf } from './recipient.ts';
import { newRequestUri } from './request_uri.ts';
import { firstFault } from './steps.ts';

/** Seconds within which the browser has to come with the reference (RFC 9126 §2.2). */
const pushedRequestLife = 90;

/** What the client proved itself by: no part of the authorization request (RFC 9126 §2.1). */
const authentication: ReadonlySet<string> = new Set([
  'client_secret',
  'client_assertion',
  'client_assertion_type',
]);

/**
 * The pushed authorization request endpoint (RFC 9126): checks an authorization request before the browser is sent, and
 * keeps it. Every fault is told to the client, none by redirect.
 */
export const push: Operation = async (deps, { client, parameters }) => {
  const { config, store, clock } = deps;
  const recipient = recipientOf(client, parameters);
  if (recipient.kind === 'unknown') throw recipient.error;
  const asked = { issuer: config.issuer, client, parameters, isPushed: true, signedIn: false };
  const fault = firstFault('par', asked);
  if (fault) throw fault;
  const { requestUri, token } = newRequestUri();
  await store.authorizations.pushRequest({
    hash: sha256(token),
    clientId: client.id,
    parameters: encodeParameters(parameters, (name) => !authentication.has(name)),
    expiresAt: clock() + pushedRequestLife * 1000,
  });
  return { request_uri: requestUri, expires_in: pushedRequestLife };
};
