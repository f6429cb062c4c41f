import type { Deps } from '../deps.ts';
import { clientAddress } from '../lib/client_address.ts';
import { authenticateClient } from './client_auth.ts';
import { findBeginningClient } from './client_document.ts';
import { readProof } from './dpop.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { readForm } from './form.ts';
import type { Operation } from './operation.ts';

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
): Endpoint {
  return endpoint(deps, name, async (c) => {
    const { incoming } = c.env;
    const { authorization, 'content-type': contentType, 'x-forwarded-for': forwardedFor } = c.req.header();
    // Not destroyed when it turns out too large: the answer has to get out first.
    const parameters = await readForm(contentType, incoming.iterator({ destroyOnReturn: false }));
    c.set('clientId', parameters.one('client_id'));
    const address = clientAddress(incoming.socket.remoteAddress, forwardedFor, deps.config.isTrustedProxy);
    const client = await authenticateClient(
      deps,
      { authorization, parameters, address },
      begins ? (id) => findBeginningClient(deps, id, address) : deps.store.clients.findClient,
    );
    c.set('clientId', client.id);
    const proof = await readProof(deps, incoming.rawHeaders, c.req.path);
    const body = await operation(deps, { client, parameters, proof, address });
    // Told ahead, so that the next proof need not be made twice (RFC 9449 §8.2).
    return { status, body, headers: proof ? { 'DPoP-Nonce': deps.dpop.nonce() } : {} };
  });
}
