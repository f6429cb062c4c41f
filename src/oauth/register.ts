import { countAttempts } from '../accounts/attempts.ts';
import type { Deps } from '../deps.ts';
import { accessType } from '../grants/provider_access.ts';
import { clientAddress } from '../lib/client_address.ts';
import { toSeconds } from '../lib/clock.ts';
import { constantTimeEqual, sha256 } from '../lib/hash.ts';
import { newId, newToken } from '../lib/ids.ts';
import { isObject, type JsonObject, parseJson } from '../lib/json.ts';
import type { Client } from '../store/records.ts';
import { readText } from './body.ts';
import { invalidMetadata, readClientMetadata } from './client_metadata.ts';
import { type Endpoint, type EndpointContext, endpoint } from './endpoint.ts';
import { OAuthError } from './errors.ts';
import { responseTypes } from './steps/check_response_type.ts';
import { grantTypes } from './token.ts';

export const registrationPath = '/oauth/register';

/** The registration endpoint (RFC 7591 §3), where apps that nobody here knows register themselves. */
export function register(deps: Deps): Endpoint {
  return endpoint(deps, 'register', async (c) => {
    if (!(await deps.store.accounts.isOpen('registration'))) {
      throw new OAuthError(
        'access_denied',
        'Apps cannot register themselves here; register on the Developer page.',
        { status: 403 },
      );
    }
    await limit(deps, c);
    const { isPublic, ...registration } = readClientMetadata(await readJson(c), { isPublic: false });
    const secret = isPublic ? null : newToken('cccs');
    const token = newToken('ccrg');
    const client = await deps.store.clients.createClient(
      {
        ...registration,
        id: newId('cli', deps.clock()),
        ownerId: null,
        secretHash: secret && sha256(secret),
        jwks: null,
        registrationTokenHash: sha256(token),
      },
      { kind: 'system' },
    );
    return { status: 201, body: registrationOf(deps, client, token, secret) };
  });
}

/** The client configuration endpoint (RFC 7592), where such an app reads, changes and ends its registration. */
export function clientConfiguration(deps: Deps): Endpoint {
  return endpoint(deps, 'client_configuration', async (c) => {
    const { clients } = deps.store;
    const { client, token } = await authenticate(deps, c);
    const actor = { kind: 'client', id: client.id } as const;
    switch (c.req.method) {
      case 'PUT': {
        await limit(deps, c);
        const change = readChange(await readJson(c), client);
        if (!(await clients.updateClient(client.id, change, actor))) throw unknownToken();
        return { status: 200, body: registrationOf(deps, { ...client, ...change }, token) };
      }
      case 'DELETE': {
        const ended = await clients.deleteClient(client.id, actor);
        for (const grantId of ended ?? []) deps.vault.forget(grantId);
        return { status: 204 };
      }
      default:
        return { status: 200, body: registrationOf(deps, client, token) };
    }
  });
}

/** The client of this address, once its registration token is shown. @throws OAuthError `invalid_token` */
async function authenticate(
  { store }: Deps,
  c: EndpointContext,
): Promise<{ readonly client: Client; readonly token: string }> {
  const token = /^bearer +([\w-]+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
  const id = c.req.param('id') ?? '';
  c.set('clientId', id);
  const client = await store.clients.findClient(id);
  // RFC 7592 §2: nobody learns here which clients there are.
  if (!client?.registrationTokenHash || !constantTimeEqual(sha256(token), client.registrationTokenHash)) {
    throw unknownToken();
  }
  if (client.status === 'suspended') {
    throw new OAuthError('access_denied', 'This app has been suspended here.', { status: 403 });
  }
  return { client, token };
}

function unknownToken(): OAuthError {
  return new OAuthError('invalid_token', 'The registration access token is not that of this client.');
}

/** What the server alone says of a registration (RFC 7592 §2.2). */
const serverMembers = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
];

/** @throws OAuthError when it is another client's, changes what cannot be changed, or is no good registration */
function readChange(said: JsonObject, client: Client) {
  const { client_id: id, client_secret: secret } = said;
  if (id !== client.id) throw new OAuthError('invalid_request', 'client_id must be that of this client.');
  if (secret !== undefined && (typeof secret !== 'string' || sha256(secret) !== client.secretHash)) {
    throw new OAuthError('invalid_request', 'client_secret must be that of this client, or left out.');
  }
  const ours = serverMembers.find((member) => Object.hasOwn(said, member));
  if (ours) throw new OAuthError('invalid_request', `Leave out ${ours} (RFC 7592 section 2.2).`);
  const wasPublic = client.secretHash === null;
  const { type, isPublic, ...change } = readClientMetadata(said, { ...client, isPublic: wasPublic });
  if (isPublic !== wasPublic || type !== client.type) {
    throw invalidMetadata('With or without a secret, or of another type, it is another app: register that.');
  }
  return change;
}

/** Registrations cost nothing to make: they are limited for each network address, and for all together. */
async function limit({ store, config }: Deps, c: EndpointContext): Promise<void> {
  const { remoteAddress } = c.env.incoming.socket;
  const address = clientAddress(remoteAddress, c.req.header('x-forwarded-for'), config.isTrustedProxy);
  const retryAfter = await countAttempts(store.accounts, [
    { key: `register:${address}`, limit: 20, windowSeconds: 3600 },
    { key: 'register', limit: 1000, windowSeconds: 86_400 },
  ]);
  if (retryAfter === null) return;
  throw new OAuthError('access_denied', 'Too many registrations; wait before the next.', {
    status: 429,
    retryAfter,
  });
}

/** @throws OAuthError `invalid_client_metadata` */
async function readJson(c: EndpointContext): Promise<JsonObject> {
  // Not destroyed when it turns out too large: the answer has to get out first.
  const said = parseJson(await readText(c.env.incoming.iterator({ destroyOnReturn: false })));
  const isJson = /^application\/json\s*(;|$)/i.test(c.req.header('content-type') ?? '');
  if (!isJson || !isObject(said)) throw invalidMetadata('Send a JSON object: Content-Type application/json.');
  return said;
}

/** What is registered of a client (RFC 7591 §3.2.1), and how it gets at it. @param secret only when it is new */
function registrationOf({ config }: Deps, client: Client, token: string, secret: string | null = null) {
  return {
    client_id: client.id,
    client_id_issued_at: toSeconds(client.createdAt),
    ...(secret !== null && { client_secret: secret, client_secret_expires_at: 0 }),
    client_name: client.name,
    redirect_uris: client.redirectUris,
    application_type: client.type === 'native' ? 'native' : 'web',
    token_endpoint_auth_method:
      client.secretHash === null ? 'none' : (client.secretMethod ?? 'client_secret_basic'),
    grant_types: [...grantTypes.keys()],
    response_types: responseTypes,
    scope: client.scope,
    authorization_details_types: [accessType],
    dpop_bound_access_tokens: client.requiresDpop,
    require_pushed_authorization_requests: client.requiresPushedRequests,
    registration_access_token: token,
    registration_client_uri: `${config.issuer}${registrationPath}/${client.id}`,
  };
}
