import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type Limits, limitGrant, narrowToken } from '../support/limits.ts';
import { obtainTokens } from './flow.ts';
import { type LocalTarget, startTarget } from './target.ts';

let target: LocalTarget;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target.close());

const access = (limits: Limits) => accessTo('openai', limits);

/** Asks for an answer through the proxy. */
function send(token: string, body: object, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(`${target.baseUrl}/openai/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5-mini', input: 'Hi', ...body }),
    signal,
  });
}

/** The same. @returns its status, and the code of a refusal */
async function ask(
  token: string,
  body: object,
): Promise<{ readonly status: number; readonly code?: string }> {
  const response = await send(token, body);
  const { error } = (await response.json()) as { error?: { code: string } | null };
  return { status: response.status, ...(error && { code: error.code }) };
}

describe('limits at the proxy', () => {
  it('111 a model or a length of answers outside of what is granted → 403, of a call beyond the rate → 429', async () => {
    const { accessToken } = await obtainTokens(target, await target.registerApp());
    expect(await ask(accessToken, { model: 'o3', max_output_tokens: 1000 })).toEqual({ status: 200 });
    await limitGrant(
      target.broker,
      accessToken,
      access({ models: ['gpt-5*'], max_output_tokens: 100, rate: { requests_per_minute: 2 } }),
    );
    expect(await ask(accessToken, { model: 'o3' })).toEqual({ status: 403, code: 'model_not_allowed' });
    expect(await ask(accessToken, { max_output_tokens: 101 })).toEqual({
      status: 403,
      code: 'field_not_allowed',
    });
    expect(await ask(accessToken, { max_output_tokens: 100 })).toEqual({ status: 200 });
    expect(await ask(accessToken, {})).toEqual({ status: 200 });
    expect(await ask(accessToken, {})).toEqual({ status: 429, code: 'rate_limited' });
    target.advance(30);
    expect(await ask(accessToken, {})).toEqual({ status: 200 });
  });

  it('111 a token that allows less than its grant → 403 for what only the grant allows', async () => {
    const { accessToken } = await obtainTokens(target, await target.registerApp());
    await limitGrant(target.broker, accessToken, access({ models: ['gpt-5*'], max_output_tokens: 100 }));
    const narrowed = await narrowToken(
      target.broker,
      accessToken,
      access({ models: ['gpt-5-mini'], max_output_tokens: 10 }),
    );
    expect(await ask(narrowed, { max_output_tokens: 10 })).toEqual({ status: 200 });
    expect(await ask(narrowed, { max_output_tokens: 11 })).toMatchObject({ status: 403 });
    expect(await ask(narrowed, { model: 'gpt-5' })).toMatchObject({ status: 403 });
    expect(await ask(accessToken, { model: 'gpt-5', max_output_tokens: 11 })).toEqual({ status: 200 });
  });

  it('155 calls that are asked for at once exceed no budget and no rate together', async () => {
    const { accessToken } = await obtainTokens(target, await target.registerApp());
    const billed = () =>
      Object.values(target.broker.sandbox.totals().billed_nano_usd).reduce((sum, one) => sum + one, 0);
    const atOnce = async (limits: Limits) => {
      await limitGrant(target.broker, accessToken, access(limits));
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(accessToken, {})));
      return answers.filter(({ status }) => status === 200).length;
    };
    expect(await atOnce({ budgets: [{ limit_requests: 3, period: 'day' }] })).toBe(3);
    expect(await atOnce({ rate: { requests_per_minute: 5 } })).toBe(5);
    const before = billed();
    const cents = await atOnce({
      max_output_tokens: 100,
      budgets: [{ limit_usd: '0.002', period: 'total' }],
    });
    expect(cents).toBeGreaterThan(0);
    expect(billed() - before).toBeLessThanOrEqual(2_000_000);
  });

  it('155 a stream that its app breaks off counts, and holds nothing any more', async () => {
    const { accessToken } = await obtainTokens(target, await target.registerApp());
    const budgets = [{ limit_usd: '5.00', period: 'total' }] as const;
    await limitGrant(
      target.broker,
      accessToken,
      access({ budgets, rate: { concurrent_requests: 1 }, max_output_tokens: 1000 }),
    );
    const left = new AbortController();
    const stream = await send(accessToken, { model: 'sandbox-long', stream: true }, left.signal);
    expect(stream.status).toBe(200);
    expect(await ask(accessToken, {})).toMatchObject({ status: 429 });
    left.abort();
    await expect.poll(() => ask(accessToken, {})).toEqual({ status: 200 });
    const response = await fetch(`${target.baseUrl}/grant`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    const { providers } = (await response.json()) as {
      providers: readonly { left: readonly { usd?: string }[] }[];
    };
    const usd = Number(providers[0]?.left[0]?.usd);
    expect(usd).toBeGreaterThan(0);
    expect(usd).toBeLessThan(5);
  });
});
