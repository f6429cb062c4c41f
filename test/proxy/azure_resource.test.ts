import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { depositKey, replaceKey } from '../../src/vault/deposit.ts';
import { type Broker, createClient, createUser, grantTo, startBroker } from '../support/broker.ts';
import { json, startUpstream, type Upstream } from './support/upstream.ts';
import { call, chat, errorOf } from './support/world.ts';

const scopes = ['azure:text'];
const system = { kind: 'system' } as const;
const keyOf = (digit: string) => digit.repeat(32);
const path = '/openai/deployments/my-chat/chat/completions';

let upstream: Upstream;
/** An Azure in which each resource has a folder of its own. */
let broker: Broker;
beforeAll(async () => {
  upstream = await startUpstream();
  broker = await startBroker({ env: { COATCHECK_AZURE_BASE_URL: `${upstream.url}/{resource}` } });
});
afterAll(async () => {
  await broker.close();
  await upstream.close();
});

async function deposit(resource: string | null, pasted = keyOf('a'), provider = 'azure') {
  const { id: userId } = await createUser(broker);
  const given = { userId, provider, pasted, name: null, organization: null, project: null, resource };
  return depositKey(broker.deps, given, system);
}

/** A key for this resource, and a way for an app to call with it. */
async function connected(resource: string, pasted?: string) {
  const result = await deposit(resource, pasted);
  if (result.kind !== 'saved') throw new Error(result.advice);
  const { credential } = result;
  const user = { id: credential.userId };
  const client = await createClient(broker, user.id, { scope: scopes.join(' ') });
  const { access_token: token } = await grantTo(broker, user, client, scopes);
  return { credential, ask: () => call({ url: `${broker.url}/azure`, token }, path, { body: chat }) };
}

const lastTarget = () => upstream.requests.at(-1)?.target;
const lastKey = () => upstream.requests.at(-1)?.headers['api-key'];

describe('the resource that a key is for', () => {
  it('is where the key is looked at, and where calls with it go', async () => {
    upstream.answer = json(200, { object: 'list', data: [] });
    const one = await connected('ada-openai', keyOf('a'));
    expect(one.credential).toMatchObject({ resource: 'ada-openai', status: 'verified', sandbox: false });
    const two = await connected('grace-openai', keyOf('b'));
    expect(lastTarget()).toMatch(/^\/v1\/grace-openai\/openai\/models\?api-version=/);
    for (const [{ ask }, resource, key] of [
      [one, 'ada-openai', keyOf('a')],
      [two, 'grace-openai', keyOf('b')],
    ] as const) {
      expect((await ask()).status).toBe(200);
      expect(lastTarget()).toMatch(`/v1/${resource}${path}?api-version=`);
      expect(lastKey()).toBe(key);
    }
  });

  it('stays the same when the key is replaced', async () => {
    const { credential, ask } = await connected('ada-openai');
    const replaced = await replaceKey(broker.deps, credential, keyOf('c'), system);
    expect(replaced).toMatchObject({ kind: 'saved', credential: { resource: 'ada-openai' } });
    expect(lastTarget()).toContain('/v1/ada-openai/');
    await ask();
    expect([lastTarget(), lastKey()]).toEqual([expect.stringContaining('/v1/ada-openai/'), keyOf('c')]);
  });

  it('cannot be changed in the database: the key opens for its own alone', async () => {
    const { credential, ask } = await connected('ada-openai');
    const { store } = broker.deps;
    const { findSealed } = store.credentials;
    store.credentials.findSealed = async (...asked) => {
      const sealed = await findSealed(...asked);
      return sealed && { ...sealed, credential: { ...sealed.credential, resource: 'mallory-openai' } };
    };
    const before = upstream.requests.length;
    const response = await ask();
    store.credentials.findSealed = findSealed;
    expect(await errorOf(response)).toMatchObject({ code: 'broker_unavailable' });
    expect(upstream.requests).toHaveLength(before);
    expect((await ask()).status).toBe(200);
    expect(credential.resource).toBe('ada-openai');
  });

  it.each([
    ...['evil.org#', 'evil.org/', 'a', 'Ada', 'ada_openai', 'x'.repeat(65), '../x', 'a@b', 'a:1', 'ä-b'],
    ...['{resource}', '%2e%2e'],
  ])('cannot be called %j', async (resource) => {
    const before = upstream.requests.length;
    expect(await deposit(resource)).toMatchObject({
      kind: 'refused',
      advice: expect.stringContaining('not the name of a resource'),
    });
    expect(broker.deps.upstreamOf('azure', false, resource)).toBeNull();
    expect(upstream.requests).toHaveLength(before);
  });

  it('has to be named, but for keys of the sandbox', async () => {
    expect(await deposit(null)).toMatchObject({
      kind: 'refused',
      advice: expect.stringContaining('https://NAME.openai.azure.com'),
    });
    expect(await deposit('')).toMatchObject({ kind: 'refused' });
    const saved = await deposit(null, 'azure-sandbox-key1');
    expect(saved).toMatchObject({ kind: 'saved', credential: { sandbox: true, resource: null } });
  });

  it('is nothing that other providers know of', async () => {
    const result = await deposit('ada-openai', 'sk-sandbox-resource1', 'openai');
    expect(result).toMatchObject({ kind: 'refused', advice: expect.stringContaining('knows no resources') });
  });
});

it('is part of the address of Azure itself, where nothing else is configured', async () => {
  const usual = await startBroker({ env: { COATCHECK_AZURE_BASE_URL: '' } });
  try {
    const { upstreamOf } = usual.deps;
    expect(upstreamOf('azure', false, 'ada-openai')).toBe('https://ada-openai.openai.azure.com');
    expect(upstreamOf('azure', false, null)).toBeNull();
    expect(upstreamOf('azure', true, null)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/azure$/);
  } finally {
    await usual.close();
  }
});
