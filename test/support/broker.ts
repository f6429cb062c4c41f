import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createApp } from '../../src/app.ts';
import { defaultScopes, findProvider, providersOfScopes } from '../../src/catalog/catalog.ts';
import type { Provider } from '../../src/catalog/provider.ts';
import { readConfig } from '../../src/config.ts';
import { closeDeps, type Deps, openDeps } from '../../src/deps.ts';
import { type CreatedGrant, createGrant } from '../../src/grants/create.ts';
import { sha256 } from '../../src/lib/hash.ts';
import { newId, newToken } from '../../src/lib/ids.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import type { Client, Credential, User } from '../../src/store/records.ts';
import { depositKey } from '../../src/vault/deposit.ts';
import { createHome, type Home } from './home.ts';
import type { Internet } from './internet.ts';

/** A whole broker on a free loopback port, with a home of its own and, unless told otherwise, its own sandbox. */
export interface Broker {
  readonly url: string;
  readonly deps: Deps;
  readonly sandbox: Sandbox;
  readonly logs: readonly string[];
  readonly home: Home;
  /** As at a stop signal: resolves when its WebSockets have ended. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface BrokerOptions {
  /** Extra environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds; lets a test move time. */
  readonly clock?: () => number;
  /** Upstream of sandbox keys, in place of a fresh sandbox. */
  readonly upstreamUrl?: string;
  /** What stands in for the internet; without it nothing is fetched from there. */
  readonly internet?: Internet;
  /** Where it keeps everything, which then outlives it; several brokers may share one. */
  readonly home?: Home;
}

/** Starts one; its log goes to `logs`. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const home = options.home ?? (await createHome());
  const sandbox = await startSandbox();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const logs: string[] = [];
  const config = readConfig({
    PORT: String(port),
    COATCHECK_DATA_DIR: home.dataDir,
    ...home.env,
    ...Object.fromEntries(
      Object.entries(sandbox.urls).map(([provider, url]) => [
        `COATCHECK_${provider.toUpperCase()}_BASE_URL`,
        options.upstreamUrl ?? url,
      ]),
    ),
    ...options.env,
  });
  const log = pino({ level: 'debug' }, { write: (line: string) => void logs.push(line) });
  const deps = await openDeps(config, {
    log,
    sandboxUrl: options.upstreamUrl ?? sandbox.url,
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.internet ? { network: options.internet.network } : {}),
  });
  const app = createApp(deps);
  server.on('request', app.listener).on('upgrade', app.upgrade);
  return {
    url: `http://127.0.0.1:${port}`,
    deps,
    sandbox,
    logs,
    home,
    drain: app.drain,
    async close() {
      app.cut();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await app.close();
      await closeDeps(deps);
      await sandbox.close();
      if (!options.home) await home.remove();
    },
  };
}

export const password = 'correct horse battery';
/** Its hash, which is soon compared with: what that costs is kept with each hash. */
const passwordHash =
  '$argon2id$v=19$m=8,t=1,p=1$c2l4dGVlbiBieXRlcyBvaw$JstIM51//NA/dUwa6zDBwqkAkW6yiNMpSQIcldEnqvs';
let people = 0;

/** An account with the password above. */
export async function createUser({ deps }: Broker, operator = false): Promise<User> {
  people += 1;
  const result = await deps.store.accounts.createUser(
    {
      id: newId('usr'),
      email: `user${people}@example.com`,
      passwordHash,
      operator,
    },
    { actor: { kind: 'system' } },
  );
  if (result.kind !== 'created') throw new Error(result.kind);
  return result.user;
}

/** The rows of a provider that there has to be. */
export function providerNamed(name: string): Provider {
  const provider = findProvider(name);
  if (!provider) throw new Error(`There is no provider ${name}`);
  return provider;
}

/** Deposits a sandbox key; `key` may name one of the sandbox's special keys. */
export async function deposit(
  { deps }: Broker,
  userId: string,
  key?: string,
  provider = 'openai',
): Promise<Credential> {
  const pasted = key ?? providerNamed(provider).sandboxKeyPrefix + newId('key');
  const result = await depositKey(
    deps,
    { userId, provider, pasted, name: null, organization: null, project: null },
    { kind: 'system' },
  );
  if (result.kind !== 'saved') throw new Error(result.advice);
  return result.credential;
}

export type RegisteredClient = Client & { readonly secret: string | null };

/** Registers an app; `web` is confidential, by a secret unless it has keys, the others are public. */
export async function createClient(
  { deps }: Broker,
  ownerId: string,
  options: Partial<Pick<Client, 'name' | 'type' | 'redirectUris' | 'scope' | 'jwks'>> = {},
): Promise<RegisteredClient> {
  const type = options.type ?? 'web';
  const jwks = options.jwks ?? null;
  const secret = type === 'web' && jwks === null ? newToken('cccs') : null;
  const client = await deps.store.clients.createClient(
    {
      id: newId('cli'),
      ownerId,
      name: options.name ?? 'Test app',
      type,
      secretHash: secret && sha256(secret),
      jwks,
      redirectUris: options.redirectUris ?? ['http://127.0.0.1/callback'],
      scope: options.scope ?? defaultScopes.join(' '),
    },
    { kind: 'system' },
  );
  return { ...client, secret };
}

/** Makes a grant between a user's keys and an app. @returns its first tokens */
export async function grantTo(
  { deps }: Broker,
  user: Pick<User, 'id'>,
  client: Pick<Client, 'id'>,
  scopes: readonly string[],
): Promise<CreatedGrant> {
  const created = await createGrant(
    deps,
    {
      userId: user.id,
      clientId: client.id,
      test: false,
      scopes,
      authorizationDetails: [],
      toldOfPayer: providersOfScopes(scopes).map(({ name }) => name),
      expiresAt: null,
      credentialIds: [],
    },
    { kind: 'system' },
  );
  if (created.kind !== 'created') throw new Error(created.kind);
  return created.tokens;
}

/** A user with a sandbox key, an app, and a grant between them with its first tokens: for all that the provider lends. */
export async function connect(
  broker: Broker,
  options: { readonly scopes?: readonly string[]; readonly key?: string; readonly provider?: string } = {},
): Promise<{
  readonly user: User;
  readonly credential: Credential;
  readonly client: RegisteredClient;
  readonly tokens: CreatedGrant;
}> {
  const user = await createUser(broker);
  const { provider = 'openai' } = options;
  const credential = await deposit(broker, user.id, options.key, provider);
  const client = await createClient(broker, user.id);
  const all = providerNamed(provider).scopes.map(({ scope }) => scope);
  const tokens = await grantTo(broker, user, client, options.scopes ?? all);
  return { user, credential, client, tokens };
}
