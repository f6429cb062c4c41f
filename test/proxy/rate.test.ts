import { decodeJwt } from 'jose';
import type { APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import type { AccessTokenClaims } from '../../src/tokens/access_token.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import { createHome } from '../support/home.ts';
import { chat, connectLimited, openaiAt, refusalOf } from './support/limited_app.ts';

// Nobody listens there, and nothing has to: tokens only name it.
const issuer = 'http://127.0.0.1:9';
const home = await createHome();
/** Stands still, so that no rate gives way while a test is slow. */
let now = Date.now();
let broker: Broker;
/** Another instance. */
let second: Broker;
beforeAll(async () => {
  const options = { home, env: { COATCHECK_ISSUER: issuer }, clock: () => now };
  broker = await startBroker(options);
  second = await startBroker(options);
});
afterAll(async () => {
  await second.close();
  await broker.close();
  await home.remove();
});

describe('a rate', () => {
  it('lets as many calls through as a minute has and tells the next how long to wait', async () => {
    const { openai, grantId, allow } = await connectLimited(broker, { rate: { requests_per_minute: 40 } });
    for (let called = 0; called < 40; called += 1) await openai.models.retrieve('gpt-5');
    const before = broker.sandbox.totals().requests;
    const refusal = await refusalOf(openai.chat.completions.create(chat));
    expect(refusal).toMatchObject({ status: 429, code: 'rate_limited', type: 'rate_limit_error' });
    expect(refusal.error).toMatchObject({
      source: 'coatcheck',
      action_url: `${issuer}/apps/${grantId}`,
    });
    expect(refusal.headers?.get('retry-after')).toBe('2');
    expect(refusal.headers?.get('retry-after-ms')).toBe('1500');
    expect(refusal.headers?.has('x-should-retry')).toBe(false);
    expect(broker.sandbox.totals().requests).toBe(before);
    now += 1500;
    await openai.chat.completions.create(chat);
    expect((await refusalOf(openai.chat.completions.create(chat))).code).toBe('rate_limited');
    await allow({});
    await openai.chat.completions.create(chat);
  });

  it('is kept by an SDK that waits as long as told', async () => {
    const perMinute = 600;
    const { token } = await connectLimited(broker, { rate: { requests_per_minute: perMinute } });
    const { kid } = await broker.deps.signingKeys.active();
    const { family_id: familyId } = decodeJwt<AccessTokenClaims>(token);
    const spent = Array.from({ length: perMinute }, () => ({
      ...{ callId: newId('call'), familyId, kid, proof: null, instanceId: broker.deps.instance.id },
      ...{ provider: 'openai', route: 'GET /models', model: null, models: [], outputCap: null, access: null },
      ...{ scopes: ['openai:models.read'], cost: { base: 0, perOutputToken: 0, longestOutput: 1000 } },
    }));
    const results = await broker.deps.store.ledger.admit(spent);
    expect(results.every(({ kind }) => kind === 'admitted')).toBe(true);
    const statuses: number[] = [];
    const openai = openaiAt(broker, token, {
      maxRetries: 1,
      async fetch(url, init) {
        const response = await fetch(url, init);
        statuses.push(response.status);
        now += Number(response.headers.get('retry-after-ms') ?? 0);
        return response;
      },
    });
    expect((await openai.chat.completions.create(chat)).choices).toHaveLength(1);
    expect(statuses).toEqual([429, 200]);
  });

  it('is one for all instances and all calls at once', async () => {
    const { token } = await connectLimited(broker, { rate: { requests_per_minute: 7 } });
    const clients = [openaiAt(broker, token), openaiAt(second, token)];
    const calls = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        clients[index % 2]?.embeddings.create({ model: 'm', input: 'a' }),
      ),
    );
    const codes = calls.map((each) => (each.status === 'fulfilled' ? 200 : (each.reason as APIError).code));
    expect(codes.toSorted()).toEqual([...Array(7).fill(200), ...Array(33).fill('rate_limited')]);
  });

  it('is used up by no call that is refused for something else', async () => {
    const { openai } = await connectLimited(broker, {
      rate: { requests_per_minute: 2 },
      models: ['gpt-5-mini'],
    });
    for (let refused = 0; refused < 5; refused += 1) {
      const other = openai.chat.completions.create({ ...chat, model: 'gpt-4o' });
      expect((await refusalOf(other)).code).toBe('model_not_allowed');
      const odd = openai.responses.create({ model: 'gpt-5-mini', input: 'Hi', background: true });
      expect((await refusalOf(odd)).code).toBe('field_not_allowed');
    }
    await openai.chat.completions.create(chat);
    await openai.chat.completions.create(chat);
    expect((await refusalOf(openai.chat.completions.create(chat))).code).toBe('rate_limited');
  });

  it('that the user lowers holds from the very next call on', async () => {
    const { openai, allow } = await connectLimited(broker, { rate: { requests_per_minute: 100 } });
    for (let called = 0; called < 10; called += 1) await openai.models.retrieve('gpt-5');
    await allow({ rate: { requests_per_minute: 10 } });
    for (let called = 0; called < 9; called += 1) await openai.models.retrieve('gpt-5');
    expect((await refusalOf(openai.models.retrieve('gpt-5'))).headers?.get('retry-after')).toBe('6');
  });
});
