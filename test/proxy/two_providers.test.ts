import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { providers } from '../../src/catalog/catalog.ts';
import { type Broker, createClient, createUser, deposit, grantTo, startBroker } from '../support/broker.ts';
import { call, errorOf } from './support/world.ts';

let broker: Broker;
/** A token for what each provider lends, by its name, and one for everything. */
const tokens = new Map<string, string>();
beforeAll(async () => {
  broker = await startBroker();
  const user = await createUser(broker);
  for (const { name } of providers) await deposit(broker, user.id, undefined, name);
  const all = providers.flatMap(({ scopes }) => scopes.map(({ scope }) => scope));
  const client = await createClient(broker, user.id, { scope: all.join(' ') });
  const tokenFor = async (scopes: readonly string[]) =>
    (await grantTo(broker, user, client, scopes)).access_token;
  for (const { name, scopes } of providers) {
    tokens.set(name, await tokenFor(scopes.map(({ scope }) => scope)));
  }
  tokens.set('all', await tokenFor(all));
});
afterAll(async () => {
  await broker.close();
});

/** Asks a provider for its models, with a token for this one, that one or all. */
function models(of: (typeof providers)[number], tokenFor: string, headers: Record<string, string> = {}) {
  const world = { url: broker.url + of.mount, token: tokens.get(tokenFor) ?? '' };
  return call(world, of.modelsPath, { headers });
}

const pairs = providers.flatMap((one) => providers.map((other) => ({ one, other })));

describe('a token', () => {
  it.each(pairs.filter(({ one, other }) => one !== other))(
    '145 for $one.name is of no use at $other.name',
    async ({ one, other }) => {
      expect((await models(one, one.name)).status).toBe(200);
      const response = await models(other, one.name);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
      expect(await errorOf(response)).toMatchObject({
        code: 'invalid_token',
        message: expect.stringContaining(`not for ${broker.url}${other.mount}`),
      });
    },
  );

  it.each(providers)(
    '145 for all of them is good at $name, with the key that is for it',
    async (provider) => {
      const before = broker.sandbox.received().length;
      expect((await models(provider, 'all')).status).toBe(200);
      const [arrived] = broker.sandbox.received().slice(before);
      const keys = await broker.deps.store.credentials.listCredentials(
        (await broker.deps.store.grants.listGrants({}))[0]?.grant.userId ?? '',
      );
      const key = keys.find((candidate) => candidate.provider === provider.name);
      expect(arrived?.key_last4).toBe(key?.last4);
      expect(arrived?.path.startsWith(provider.sandboxPath)).toBe(true);
    },
  );
});

describe('a token in a header of its own', () => {
  const bare = (name: string, path: string, token = tokens.get('all') ?? '') => {
    const mount = providers.find((provider) => provider.name === name)?.mount;
    return fetch(broker.url + mount + path, { headers: { 'x-api-key': token } });
  };

  it('147 is taken where the SDK of the provider sends one so', async () => {
    expect((await bare('anthropic', '/v1/models')).status).toBe(200);
    expect((await bare('anthropic', '/v1/models', 'sk-ant-api03-of-somebody-else')).status).toBe(401);
  });

  it('147 is none elsewhere', async () => {
    const response = await bare('openai', '/models');
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).not.toContain('error=');
  });

  it('147 is one too many beside Authorization', async () => {
    const anthropic = providers.find(({ name }) => name === 'anthropic') ?? expect.fail();
    const response = await models(anthropic, 'all', { 'x-api-key': tokens.get('all') ?? '' });
    expect(response.status).toBe(401);
  });
});
