import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { chat, connectLimited, openaiAt, refusalOf } from './support/limited_app.ts';

/** A day in the middle of a month; it stands still. */
let now = Date.UTC(2027, 1, 15, 12);
let broker: Broker;
beforeAll(async () => {
  broker = await startBroker({ clock: () => now });
});
afterAll(() => broker.close());

const sentCalls = () => broker.sandbox.totals().requests;
const whatIsLeft = async (token: string) => {
  const response = await fetch(`${broker.url}/grant`, { headers: { authorization: `Bearer ${token}` } });
  const { providers } = (await response.json()) as { providers: readonly { left: unknown }[] };
  return providers[0]?.left;
};

describe('a budget', () => {
  it('that a call may exceed refuses it for good, tells when it begins anew, and keeps it from the provider', async () => {
    const { openai, grantId } = await connectLimited(broker, {
      budgets: [{ limit_usd: '0.000001', period: 'month' }],
    });
    const before = sentCalls();
    const refusal = await refusalOf(openai.chat.completions.create(chat));
    expect(refusal).toMatchObject({ status: 402, code: 'budget_exceeded' });
    expect(refusal.message).toContain('2027-03-01T00:00:00.000Z');
    expect(refusal.error).toMatchObject({ source: 'coatcheck', action_url: `${broker.url}/apps/${grantId}` });
    expect(refusal.headers?.get('x-should-retry')).toBe('false');
    expect(sentCalls()).toBe(before);
    expect((await openai.models.list()).data).not.toEqual([]);
  });

  it('tells what a call that it refuses can cost, what is left, and which length of an answer would fit', async () => {
    const { openai } = await connectLimited(broker, { budgets: [{ limit_usd: '0.002', period: 'total' }] });
    const ask = (max_completion_tokens: number) =>
      openai.chat.completions.create({ ...chat, max_completion_tokens });
    const { message } = await refusalOf(ask(2_000));
    // At two dollars for a million tokens, and what is sent.
    expect(message).toMatch(
      /can cost up to \$0\.0042, and \$0\.002 is left of what this app may spend in all/,
    );
    const tokens = Number(/at (\d+) tokens, in max_completion_tokens/.exec(message)?.[1]);
    expect((await refusalOf(ask(tokens + 1))).message).toContain(`at ${tokens} tokens`);
    await ask(tokens);
  });

  it('that other apps share is told of only by what the call can cost', async () => {
    const { user, tokens } = await connect(broker);
    const openai = openaiAt(broker, tokens.access_token);
    const budget = { holder: user.id, unit: 'nano_usd', period: 'total', limit: 2e6, strict: false } as const;
    const actor = { kind: 'user', id: user.id } as const;
    await broker.deps.store.budgets.setBudget(budget, user.id, actor);
    const { message } = await refusalOf(openai.chat.completions.create({ ...chat, max_tokens: 2_000 }));
    expect(message).toContain('can cost up to $0.0042, which is more than is left');
    expect(message).not.toMatch(/0\.002|\d tokens/);
  });

  it('counts what calls have cost, and tells the app what is left of it', async () => {
    const { openai, token, grantId } = await connectLimited(broker, {
      budgets: [{ limit_usd: '5.00', limit_requests: 10, period: 'day' }],
      rate: { requests_per_minute: 60, concurrent_requests: 3 },
    });
    const { response } = await openai.chat.completions.create(chat).withResponse();
    expect(response.headers.get('coatcheck-budget')).toMatch(
      /^usd;period=day;limit="5\.00";left="[34]\.\d+";reset=\d+, requests;period=day;limit=10;left=9;reset=\d+, concurrent-requests;limit=3;left=2$/,
    );
    expect(response.headers.get('coatcheck-rate')).toBe('requests;period=minute;limit=60;left=59');
    const calls = () => broker.deps.store.records.listCalls({ grantId }, { before: null, limit: 10 });
    await expect.poll(calls).toMatchObject([{ state: 'settled' }]);
    const [call] = await calls();
    expect(call?.costNanoUsd).toBeGreaterThan(0);
    expect(await whatIsLeft(token)).toEqual([
      {
        usd: ((5e9 - (call?.costNanoUsd ?? 0)) / 1e9).toFixed(9).replace(/0+$/, ''),
        period: 'day',
        resets_at: expect.any(Number),
      },
      { requests: 9, period: 'day', resets_at: expect.any(Number) },
      { concurrent_requests: 3 },
      { requests: 59, period: 'minute' },
    ]);
  });

  it('tells what is left with every answer that it is the cause of, and with what else comes behind it', async () => {
    const spent = await connectLimited(broker, { budgets: [{ limit_usd: '0.000001', period: 'month' }] });
    const refusal = await refusalOf(spent.openai.chat.completions.create(chat));
    expect(refusal.headers?.get('coatcheck-budget')).toMatch(/^usd;period=month;limit="0\.000001";left=/);

    const once = await connectLimited(broker, {
      budgets: [{ limit_requests: 5, period: 'day' }],
      rate: { requests_per_minute: 1 },
    });
    const failing = { ...chat, model: 'sandbox-500' };
    const relayed = await refusalOf(once.openai.chat.completions.create(failing));
    expect(relayed.headers?.get('coatcheck-budget')).toContain('limit=5;left=4');
    const limited = await refusalOf(once.openai.chat.completions.create(chat));
    expect(limited.headers?.get('coatcheck-rate')).toBe('requests;period=minute;limit=1;left=0');
    expect(limited.headers?.get('coatcheck-budget')).toContain('limit=5;left=4');
    expect(await whatIsLeft(once.token)).toContainEqual({ requests: 0, period: 'minute' });
  });

  it('bounds an answer whose length the app leaves open, and lets one through that asks for less', async () => {
    const { openai } = await connectLimited(broker, { budgets: [{ limit_usd: '0.02', period: 'total' }] });
    await openai.chat.completions.create(chat);
    const cap = Number(broker.sandbox.received().at(-1)?.fields.max_completion_tokens);
    // A quarter of two cents at two dollars for a million tokens.
    expect(cap).toBeLessThan(2_500);
    expect(cap).toBeGreaterThan(2_300);
    const long = { ...chat, max_completion_tokens: 100_000 };
    expect((await refusalOf(openai.chat.completions.create(long))).code).toBe('budget_exceeded');
    await openai.chat.completions.create({ ...chat, max_completion_tokens: 50 });
  });

  it('bounds how often tools of the provider are used where the app leaves it open', async () => {
    const scopes = ['openai:text', 'openai:tools.web'];
    const { openai } = await connectLimited(
      broker,
      { budgets: [{ limit_usd: '1.00', period: 'month' }] },
      scopes,
    );
    const search = { model: 'gpt-5', input: 'What of the tide?', tools: [{ type: 'web_search' as const }] };
    const tooOften = openai.responses.create({ ...search, max_tool_calls: 10 });
    expect((await refusalOf(tooOften)).code).toBe('budget_exceeded');
    await openai.responses.create(search);
    // A third of a dollar for all that the model can read after one search.
    expect(broker.sandbox.received().at(-1)?.fields.max_tool_calls).toBe(1);
  });

  it('that is lowered below what was spent refuses the next call, and raised lets it through', async () => {
    const { openai, allow } = await connectLimited(broker, {
      budgets: [{ limit_usd: '1.00', period: 'week' }],
    });
    await openai.chat.completions.create(chat);
    await allow({ budgets: [{ limit_usd: '0.000000001', period: 'week' }] });
    expect((await refusalOf(openai.chat.completions.create(chat))).code).toBe('budget_exceeded');
    await allow({ budgets: [{ limit_usd: '2.00', period: 'week' }] });
    await openai.chat.completions.create(chat);
  });

  it('of calls at the same time tells a further one to wait', async () => {
    const { openai } = await connectLimited(broker, { rate: { concurrent_requests: 1 } });
    const stream = await openai.chat.completions.create({ ...chat, stream: true });
    const refusal = await refusalOf(openai.chat.completions.create(chat));
    expect(refusal).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(refusal.headers?.get('retry-after')).toBe('1');
    for await (const _event of stream);
    await expect
      .poll(() =>
        openai.chat.completions.create(chat).then(
          () => 'answered',
          () => 'refused',
        ),
      )
      .toBe('answered');
  });

  it('begins anew with the next day', async () => {
    const { openai, narrowed } = await connectLimited(broker, {
      budgets: [{ limit_requests: 1, period: 'day' }],
    });
    await openai.chat.completions.create(chat);
    expect((await refusalOf(openai.chat.completions.create(chat))).code).toBe('budget_exceeded');
    now += 12 * 60 * 60_000;
    // The token from before noon has run out.
    const tomorrow = await narrowed({});
    await tomorrow.chat.completions.create(chat);
  });
});
