import type OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { accessTo, limitGrant } from '../support/limits.ts';
import { chat, connectLimited, type LimitedApp, refusalOf } from './support/limited_app.ts';
import { call, errorOf } from './support/world.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.close());

/** What the provider got last, with the values of numbers. */
const received = () => broker.sandbox.received().at(-1);

describe('models', () => {
  let app: LimitedApp;
  beforeAll(async () => {
    app = await connectLimited(broker, { models: ['gpt-5*', 'text-embedding-3-small', 'gpt-image-2'] });
  });

  it('are called when the user allows them', async () => {
    const { chat: chats, responses, embeddings, images, models } = app.openai;
    expect((await chats.completions.create(chat)).choices).toHaveLength(1);
    expect((await responses.create({ model: 'gpt-5', input: 'Hi' })).status).toBe('completed');
    expect((await embeddings.create({ model: 'text-embedding-3-small', input: 'a' })).data).toHaveLength(1);
    expect((await images.generate({ model: 'gpt-image-2', prompt: 'A train' })).data).toHaveLength(1);
    expect((await models.retrieve('gpt-5')).id).toBe('gpt-5');
    const tools = [{ type: 'image_generation', model: 'gpt-image-2' }] as const;
    const tool_choice = { type: 'image_generation' } as const;
    await responses.create({ model: 'gpt-5', input: 'Hi', tools: [...tools], tool_choice });
  });

  const picture = (tool: object) => ({
    ...{ model: 'gpt-5', input: 'Hi' },
    tools: [{ type: 'image_generation' as const, ...tool }],
  });
  it.each<[string, string, string | null, (openai: OpenAI) => PromiseLike<unknown>]>([
    [
      'of a chat',
      'model',
      'gpt-4o',
      (openai) => openai.chat.completions.create({ ...chat, model: 'gpt-4o' }),
    ],
    [
      'that is only like one',
      'model',
      'GPT-5',
      (openai) => openai.responses.create({ model: 'GPT-5', input: 'Hi' }),
    ],
    [
      'of a tool',
      'tools[0].model',
      'dall-e-3',
      (openai) => openai.responses.create(picture({ model: 'dall-e-3' })),
    ],
    ['of a tool that names none', 'tools[0].model', null, (openai) => openai.responses.create(picture({}))],
    [
      'of an author of drawings',
      'svg.model',
      'gpt-4o',
      (openai) =>
        openai.images.generate({ model: 'gpt-image-2', prompt: 'A train', svg: { model: 'gpt-4o' } }),
    ],
    [
      'of an author of drawings who is not named',
      'svg.model',
      null,
      (openai) => openai.images.generate({ model: 'gpt-image-2', prompt: 'A train', output_format: 'svg' }),
    ],
    ['in the path', 'model', 'gpt-4o', (openai) => openai.models.retrieve('gpt-4o')],
    ['that is not named', 'model', null, (openai) => openai.moderations.create({ input: 'Hi' })],
    [
      'that is only counted for',
      'model',
      'gpt-4o',
      (openai) => openai.responses.inputTokens.count({ model: 'gpt-4o', input: 'Hi' }),
    ],
  ])('are refused when the user does not allow them: one %s', async (_, param, model, ask) => {
    const before = broker.sandbox.totals().requests;
    const refusal = await refusalOf(ask(app.openai));
    expect(refusal).toMatchObject({ status: 403, code: 'model_not_allowed', param });
    expect(refusal.headers?.get('x-should-retry')).toBe('false');
    expect(refusal.error).toMatchObject({
      source: 'coatcheck',
      action_url: `${broker.url}/apps/${app.grantId}`,
    });
    expect(refusal.message.includes(JSON.stringify(model))).toBe(model !== null);
    expect(broker.sandbox.totals().requests).toBe(before);
  });

  it('are listed as far as the user and the token allow them', async () => {
    const idsOf = async (openai: OpenAI) => (await openai.models.list()).data.map(({ id }) => id);
    expect(await idsOf(app.openai)).toEqual([
      'gpt-5.5',
      'gpt-5.4-mini',
      'gpt-5',
      'text-embedding-3-small',
      'gpt-image-2',
    ]);
    expect(await idsOf(await app.narrowed({ models: ['gpt-5', 'o4-mini'] }))).toEqual(['gpt-5']);
  });

  it('are not those of a token that was narrowed, and not more than the grant has', async () => {
    const openai = await app.narrowed({ models: ['gpt-5-mini', 'gpt-4o'] });
    expect((await openai.chat.completions.create(chat)).choices).toHaveLength(1);
    for (const model of ['gpt-5', 'gpt-4o']) {
      const refusal = await refusalOf(openai.chat.completions.create({ ...chat, model }));
      expect(refusal.code).toBe('model_not_allowed');
    }
  });

  it('change with the very next call when the user changes them', async () => {
    const { openai, allow } = await connectLimited(broker, { models: ['gpt-5*'] });
    await openai.chat.completions.create(chat);
    await allow({ models: ['gpt-4o'] });
    expect((await refusalOf(openai.chat.completions.create(chat))).code).toBe('model_not_allowed');
    await openai.chat.completions.create({ ...chat, model: 'gpt-4o' });
  });
});

describe('the length of an answer', () => {
  const limit = 5;
  let app: LimitedApp;
  beforeAll(async () => {
    app = await connectLimited(broker, { max_output_tokens: limit });
  });
  const completion = { model: 'gpt-3.5-turbo-instruct', prompt: 'Once upon a time' };
  const response = { model: 'gpt-5', input: 'Tell me of the tide, at length and in detail, please.' };

  it('is bounded where the app leaves it open', async () => {
    const answer = await app.openai.chat.completions.create({ ...chat, max_tokens: null });
    expect(received()?.fields).toMatchObject({ max_completion_tokens: limit });
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect(answer.usage?.completion_tokens).toBe(limit);
    const { incomplete_details: details, usage } = await app.openai.responses.create(response);
    expect(received()?.fields).toMatchObject({ max_output_tokens: limit });
    expect([details?.reason, usage?.output_tokens]).toEqual(['max_output_tokens', limit]);
    const stream = await app.openai.chat.completions.create({ ...chat, stream: true });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('length');
    await app.openai.completions.create(completion);
    expect(received()?.fields).toMatchObject({ max_tokens: limit });
  });

  it('stays what the provider makes of it where that is less than the limit', async () => {
    const { openai } = await connectLimited(broker, { max_output_tokens: 1000 });
    await openai.completions.create(completion);
    expect(received()?.fields).toMatchObject({ max_tokens: 16 });
  });

  it('goes by what the app says up to the limit', async () => {
    await app.openai.chat.completions.create({ ...chat, max_tokens: limit });
    expect(received()?.fields).toMatchObject({ max_tokens: limit });
    expect(received()?.fields).not.toHaveProperty('max_completion_tokens');
    await app.openai.responses.create({ ...response, max_output_tokens: 2 });
    expect(received()?.fields).toMatchObject({ max_output_tokens: 2 });
  });

  it.each<[string, (openai: OpenAI) => PromiseLike<unknown>]>([
    [
      'max_completion_tokens',
      (openai) => openai.chat.completions.create({ ...chat, max_completion_tokens: 6 }),
    ],
    ['max_tokens', (openai) => openai.chat.completions.create({ ...chat, max_tokens: 6 })],
    ['max_output_tokens', (openai) => openai.responses.create({ ...response, max_output_tokens: 6 })],
    ['max_tokens', (openai) => openai.completions.create({ ...completion, max_tokens: 6 })],
  ])('is refused beyond it: %s', async (param, ask) => {
    const before = broker.sandbox.totals().requests;
    const refusal = await refusalOf(ask(app.openai));
    expect(refusal).toMatchObject({ status: 403, code: 'field_not_allowed', param });
    expect(refusal.headers?.get('x-should-retry')).toBe('false');
    expect(refusal.error).toMatchObject({ action_url: `${broker.url}/apps/${app.grantId}` });
    expect(refusal.message).toContain(`${limit} output tokens`);
    expect(broker.sandbox.totals().requests).toBe(before);
  });

  it('is refused where nothing could bound it', async () => {
    const compact = app.openai.responses.compact({ model: 'gpt-5', input: 'Hi' });
    const refusal = await refusalOf(compact);
    expect(refusal).toMatchObject({ status: 404, code: 'not_delegable' });
    expect(refusal.error).toMatchObject({ action_url: expect.stringContaining(app.grantId) });
  });

  it('may not be said in two ways, whatever the limits', async () => {
    const { openai } = await connectLimited(broker, {});
    const twice = { ...chat, max_tokens: 3, max_completion_tokens: 4 };
    expect(await refusalOf(openai.chat.completions.create(twice))).toMatchObject({
      ...{ status: 400, code: 'invalid_request', param: 'max_tokens' },
    });
    await openai.chat.completions.create({ ...twice, max_tokens: 4 });
  });

  it.each(['3', -1, 1.5, [3], true])('is refused when it is %j, which bounds nothing', async (bad) => {
    // A limit or none: what is taken for an answer of unknown length has to be known.
    for (const openai of [app.openai, (await connectLimited(broker, {})).openai]) {
      const asked = openai.responses.create({ ...response, max_output_tokens: bad as number });
      expect(await refusalOf(asked)).toMatchObject({ code: 'invalid_request', param: 'max_output_tokens' });
    }
  });

  it('is no matter of calls that write none', async () => {
    const { embeddings, images, models } = app.openai;
    expect((await embeddings.create({ model: 'text-embedding-3-small', input: 'a' })).data).toHaveLength(1);
    expect(Object.keys(received()?.fields ?? {}).filter((name) => name.startsWith('max_'))).toEqual([]);
    expect((await images.generate({ model: 'gpt-image-2', prompt: 'A train' })).data).toHaveLength(1);
    expect((await models.retrieve('gpt-5')).id).toBe('gpt-5');
  });

  it('is what the narrower of token and grant allows', async () => {
    const openai = await app.narrowed({ max_output_tokens: 2 });
    await openai.responses.create(response);
    expect(received()?.fields).toMatchObject({ max_output_tokens: 2 });
    await app.allow({ max_output_tokens: 1 });
    await openai.responses.create(response);
    expect(received()?.fields).toMatchObject({ max_output_tokens: 1 });
    const asked = app.openai.responses.create({ ...response, max_output_tokens: 2 });
    expect((await refusalOf(asked)).code).toBe('field_not_allowed');
  });
});

describe('the limits of one provider', () => {
  it('are no limits of another', async () => {
    const { tokens } = await connect(broker, { provider: 'anthropic' });
    const anthropic = { url: `${broker.url}/anthropic/v1`, token: tokens.access_token };
    const ask = (body: object) => call(anthropic, '/messages', { body });
    const question = { model: 'claude-opus-5', messages: [{ role: 'user', content: 'Hello there' }] };
    await limitGrant(
      broker,
      tokens.access_token,
      accessTo('openai', { models: ['gpt-5'], max_output_tokens: 1 }),
    );
    expect((await ask({ ...question, max_tokens: 50 })).status).toBe(200);
    await limitGrant(
      broker,
      tokens.access_token,
      accessTo('anthropic', { models: ['claude-*'], max_output_tokens: 5 }),
    );
    expect((await ask(question)).status).toBe(200);
    expect(received()?.fields).toMatchObject({ max_tokens: 5 });
    const refused = await ask({ ...question, max_tokens: 6 });
    expect([refused.status, (await errorOf(refused)).param]).toEqual([403, 'max_tokens']);
    const listed = (await (await call(anthropic, '/models')).json()) as { data: { id: string }[] };
    expect(listed.data.length).toBeGreaterThan(0);
    expect(listed.data.filter(({ id }) => !id.startsWith('claude-'))).toEqual([]);
  });
});
