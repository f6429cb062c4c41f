import type { HttpBindings } from '@hono/node-server';
import type { Handler } from 'hono';
import type { Deps } from '../deps.ts';
import { clientAddress } from '../lib/client_address.ts';
import { authenticateClient } from './client_auth.ts';
import { findBeginningClient } from './client_document.ts';
import { readProof } from './dpop.ts';
import { asOAuthError, errorResponse } from './errors.ts';
import { readForm } from './form.ts';
import { logRefusal } from './log.ts';
import type { Operation } from './operation.ts';

/** Nothing that these endpoints say may be kept by a cache (RFC 6749 §5.1). */
const uncached = { 'Cache-Control': 'no-store', Pragma: 'no-cache', 'X-Content-Type-Options': 'nosniff' };

/**
 * An endpoint that clients call directly: form in, JSON out. Parameters in the URL are not looked at (OAuth 2.1 §2.4.1).
 * @param name for the log
 * @param options.status of a good answer
 * @param options.begins whether authorizations begin here, so that a client may come of which nobody knows yet
 */
export function clientEndpoint(
  deps: Deps,
  name: string,
  operation: Operation,
  { status = 200, begins = false }: { readonly status?: 200 | 201; readonly begins?: boolean } = {},
): Handler<{ Bindings: HttpBindings }> {
  return async (c) => {
    const { incoming } = c.env;
    const { authorization, 'content-type': contentType, 'x-forwarded-for': forwardedFor } = c.req.header();
    let clientId: string | undefined;
    try {
      // Not destroyed when it turns out too large: the answer has to get out first.
      const parameters = await readForm(contentType, incoming.iterator({ destroyOnReturn: false }));
      clientId = parameters.one('client_id');
      const address = clientAddress(incoming.socket.remoteAddress, forwardedFor, deps.config.isTrustedProxy);
      const client = await authenticateClient(
        deps,
        { authorization, parameters, address },
        begins ? (id) => findBeginningClient(deps, id, address) : deps.store.clients.findClient,
      );
      clientId = client.id;
      const proof = await readProof(deps, incoming.rawHeaders, c.req.path);
      const answer = await operation(deps, { client, parameters, proof, address });
      // Told ahead, so that the next proof need not be made twice (RFC 9449 §8.2).
      const nonce = proof && { 'DPoP-Nonce': deps.dpop.nonce() };
      return c.json(answer, status, { ...uncached, ...nonce });
    } catch (thrown) {
      const error = asOAuthError(thrown);
      logRefusal(deps.log, name, error, clientId);
      const { status: refused, headers, body } = errorResponse(error);
      return c.json(body, refused, { ...uncached, ...headers });
    }
  };
}
