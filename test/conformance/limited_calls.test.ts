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

/** Asks for an answer through the proxy. @returns its status, and the code of a refusal */
async function ask(
  token: string,
  body: object,
): Promise<{ readonly status: number; readonly code?: string }> {
  const response = await fetch(`${target.baseUrl}/openai/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5-mini', input: 'Hi', ...body }),
  });
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
});
