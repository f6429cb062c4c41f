import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import type { AccessTokenClaims } from '../../src/tokens/access_token.ts';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { createHome } from '../support/home.ts';
import { accessTo, type Limits, limitGrant, narrowToken } from '../support/limits.ts';
import { call, errorOf, settledCall } from './support/world.ts';

/** What an app can try by calls that come in a file. */

let broker: Broker;
let token: string;
beforeAll(async () => {
  broker = await startBroker();
  token = (await connect(broker)).tokens.access_token;
});
afterAll(() => broker.close());
afterEach(() => limitGrant(broker, token));

const app = (as = token) => ({ url: `${broker.url}/openai/v1`, token: as });
const limit = (limits: Limits) => limitGrant(broker, token, accessTo('openai', limits));

const url = '/v1/responses';
const body = { model: 'gpt-4o', input: 'Hello' };
const good = { custom_id: 'a', method: 'POST', url, body };
const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };
const lineWith = (fields: JsonObject) => ({ ...good, body: { ...body, ...fields } });
const chatWith = (fields: JsonObject) => ({
  ...good,
  url: '/v1/chat/completions',
  body: { ...chat, ...fields },
});

type Line = JsonObject | string | Buffer;
const bytesOf = (line: Line) =>
  typeof line === 'string' || Buffer.isBuffer(line) ? Buffer.from(line) : Buffer.from(JSON.stringify(line));
const fileOf = (...lines: readonly Line[]) =>
  Buffer.concat(lines.flatMap((line) => [bytesOf(line), Buffer.from('\n')]));

function upload(file: Buffer | string, { as = token, purpose = 'batch' } = {}): Promise<Response> {
  const form = new FormData();
  form.set('purpose', purpose);
  if (typeof file === 'string') form.set('file', file);
  else form.set('file', new Blob([new Uint8Array(file)]), 'calls.jsonl');
  return call(app(as), '/files', { body: form });
}

async function uploaded(...lines: readonly Line[]): Promise<string> {
  const response = await upload(fileOf(...lines));
  expect(response.status).toBe(200);
  return ((await response.json()) as { id: string }).id;
}

const run = (input_file_id: unknown, change: JsonObject = {}, as = token) =>
  call(app(as), '/batches', {
    body: { input_file_id, endpoint: url, completion_window: '24h', ...change },
  });

const received = () => broker.sandbox.received().length;

/** What it is refused with, before the provider hears of it. */
async function refused(attempt: () => Promise<Response>) {
  const before = received();
  const response = await attempt();
  const { code, param, message } = await errorOf(response);
  expect(received()).toBe(before);
  return { status: response.status, code, param, message };
}

/** What the provider got in the place of a file. */
async function sentFor(...lines: readonly Line[]): Promise<string> {
  const id = await uploaded(...lines);
  return (await call(app(), `/files/${id}/content`)).text();
}

/** What the calls of a grant count as, in nano-USD. */
async function spentBy(grantId: string): Promise<number> {
  const calls = await broker.deps.store.records.listCalls({ grantId }, { before: null, limit: 1000 });
  return calls.reduce((sum, { countedNanoUsd }) => sum + (countedNanoUsd ?? 0), 0);
}

describe('a line is refused, and named', () => {
  const field = 'field_not_allowed';
  it.each<[string, Line, string, string]>([
    ['another model than the others', lineWith({ model: 'gpt-5' }), 'invalid_request', '.body.model'],
    ['a model of the account', lineWith({ model: 'ft:gpt-4o:acme' }), 'model_not_allowed', '.body.model'],
    ['a search', lineWith({ tools: [{ type: 'web_search' }] }), field, '.body'],
    [
      'code',
      lineWith({ tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] }),
      field,
      '.body',
    ],
    [
      'a search in files',
      lineWith({ tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] }),
      field,
      '.body.tools',
    ],
    ['a picture to be made', lineWith({ tools: [{ type: 'image_generation' }] }), field, '.body'],
    [
      'an outside server',
      lineWith({ tools: [{ type: 'mcp', server_label: 'a', server_url: 'https://a.example' }] }),
      field,
      '.body',
    ],
    [
      'an earlier response',
      lineWith({ previous_response_id: 'resp_1' }),
      field,
      '.body.previous_response_id',
    ],
    ['work in the background', lineWith({ background: true }), field, '.body.background'],
    ['a stream', lineWith({ stream: true }), field, '.body.stream'],
    ['a dearer tier', lineWith({ service_tier: 'priority' }), field, '.body.service_tier'],
    ['an unknown field', lineWith({ spend: 'all' }), field, '.body.spend'],
    [
      'no number for a bound',
      lineWith({ max_output_tokens: 'all' }),
      'invalid_request',
      '.body.max_output_tokens',
    ],
    ['another url than the others', chatWith({}), 'invalid_request', '.url'],
    ['pictures', { ...good, url: '/v1/images/generations' }, field, '.url'],
    ['videos', { ...good, url: '/v1/videos' }, field, '.url'],
    ['the path without what stands before it', { ...good, url: '/responses' }, field, '.url'],
    ['a way around in the path', { ...good, url: '/v1/files/../responses' }, field, '.url'],
    ['another host', { ...good, url: 'https://api.openai.com/v1/responses' }, field, '.url'],
    ['a name that every object has', { ...good, url: 'constructor' }, field, '.url'],
    ['no url', { custom_id: 'b', method: 'POST', body }, field, '.url'],
    ['another method', { ...good, method: 'DELETE' }, 'invalid_request', '.method'],
    ['no id', { method: 'POST', url, body }, 'invalid_request', '.custom_id'],
    ['an id that is none', { ...good, custom_id: 7 }, 'invalid_request', '.custom_id'],
    ['the id of another line', good, 'invalid_request', '.custom_id'],
    ['more than a call', { ...good, headers: { authorization: 'x' } }, field, '.headers'],
    ['a body that is none', { ...good, body: [body] }, 'invalid_request', '.body'],
    ['a list', '[1]', 'invalid_request', ''],
    ['no JSON', '{"custom_id":', 'invalid_request', ''],
    ['nothing', '', 'invalid_request', ''],
    ['two calls', JSON.stringify(good).repeat(2), 'invalid_request', ''],
    ['a byte order mark', `\ufeff${JSON.stringify(good)}`, 'invalid_request', ''],
    ['bytes that are no text', Buffer.from('{"custom_id":"\xff"}', 'latin1'), 'invalid_request', ''],
    ['text in two bytes a letter', Buffer.from(JSON.stringify(good), 'utf16le'), 'invalid_request', ''],
  ])('with %s', async (_, line, code, param) => {
    const other = isObjectLine(line) && line.custom_id === 'a' && line !== good;
    const second = other ? { ...line, custom_id: 'b' } : line;
    const refusal = await refused(() => upload(fileOf(good, second, { ...good, custom_id: 'c' })));
    expect(refusal).toMatchObject({ code, param: `file[2]${param}` });
    expect(refusal.message).toMatch(/^Line 2: /);
    expect(await settledCall({ broker })).toMatchObject({ outcome: 'not_sent', countedNanoUsd: 0 });
  });

  it('with sound, which costs more than a batch tells of', async () => {
    const heard = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };
    const line = chatWith({ messages: [{ role: 'user', content: [heard] }] });
    expect(await refused(() => upload(fileOf(line)))).toMatchObject({ param: 'file[1].body' });
    const spoken = chatWith({ modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } });
    expect(await refused(() => upload(fileOf(spoken)))).toMatchObject({ param: 'file[1].body' });
  });

  it('with a file of another app, which it is told of as of one that nobody has', async () => {
    const { tokens } = await connect(broker);
    const foreign = await upload(Buffer.from('secret'), { as: tokens.access_token, purpose: 'user_data' });
    const { id } = (await foreign.json()) as { id: string };
    const own = (await (
      await upload(Buffer.from('mine'), { purpose: 'user_data' })
    ).json()) as typeof body & {
      readonly id: string;
    };
    const withFile = (file_id: string) =>
      lineWith({ input: [{ role: 'user', content: [{ type: 'input_file', file_id }] }] });
    const attempt = (file: string) =>
      refused(() => upload(fileOf(good, { ...withFile(file), custom_id: 'b' })));
    const refusal = await attempt(id);
    expect(refusal).toMatchObject({ status: 404, param: 'file[2].body.input[0].content[0].file_id' });
    expect(await attempt('file-none')).toEqual(refusal);
    await uploaded(withFile(own.id));
  });

  it('when it is larger than a call may be', async () => {
    const small = await startBroker({ env: { COATCHECK_MAX_JSON_BODY: '2000' } });
    const { tokens } = await connect(small);
    const form = new FormData();
    form.set('purpose', 'batch');
    form.set('file', new Blob([new Uint8Array(fileOf(good, lineWith({ input: 'x'.repeat(2000) })))]), 'a');
    const at = { url: `${small.url}/openai/v1`, token: tokens.access_token };
    const { code, param } = await errorOf(await call(at, '/files', { body: form }));
    expect([code, param]).toEqual(['body_too_large', 'file[2]']);
    await small.close();
  });
});

function isObjectLine(line: Line): line is JsonObject {
  return typeof line === 'object' && !Buffer.isBuffer(line);
}

describe('a file', () => {
  it.each<[string, Buffer | string]>([
    ['without a line', Buffer.from('')],
    ['of blanks', Buffer.from('\r\n \n')],
  ])('%s is refused', async (_, file) => {
    expect(await refused(() => upload(file))).toMatchObject({ code: 'invalid_request', param: 'file' });
  });

  it('that is a text is refused', async () => {
    const refusal = await refused(() => upload(JSON.stringify(good)));
    expect(refusal).toMatchObject({ code: 'field_not_allowed', param: 'file' });
  });

  it('may end its lines as Windows does, and have blanks at its end', async () => {
    const sent = await sentFor(`${JSON.stringify(good)}\r`, JSON.stringify({ ...good, custom_id: 'b' }), ' ');
    expect(
      sent
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).custom_id),
    ).toEqual(['a', 'b']);
  });

  it('of more calls than a batch can have is refused', async () => {
    const lines = Array.from({ length: 50_001 }, (_, index) => ({ ...good, custom_id: `${index}` }));
    expect(await refused(() => upload(fileOf(...lines)))).toMatchObject({ param: 'file[50001]' });
    await uploaded(...lines.slice(0, 50_000));
  });

  it('goes on as it was understood, whatever else a reader could make of it', async () => {
    const twice = `{"custom_id":"a","method":"POST","url":"${url}","body":{"model":"gpt-5","model":"gpt-4o","store":true,"input":"Hi","__proto__":null}}`;
    expect(await refused(() => upload(fileOf(twice)))).toMatchObject({ param: 'file[1].body.__proto__' });
    const tricky = 'line\u2028separator \u2029 \u0085 \ud800';
    const sent = await sentFor(
      twice.replace(',"__proto__":null', ''),
      JSON.stringify({ ...lineWith({ input: tricky }), custom_id: 'b' }),
    );
    expect(sent.split(/[\n\u0085\u2028\u2029]/)).toHaveLength(3);
    const [first, second] = sent
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(sent).not.toContain('gpt-5');
    expect(first.body).toMatchObject({ model: 'gpt-4o', store: false });
    expect(second.body.input).toBe(tricky);
  });

  it('lets other calls through while it is read', async () => {
    const large = Array.from({ length: 20_000 }, (_, index) => ({
      ...lineWith({ input: 'x'.repeat(500) }),
      custom_id: `${index}`,
    }));
    let isRead = false;
    const reading = uploaded(...large).finally(() => {
      isRead = true;
    });
    let answered = 0;
    while (!isRead) {
      await fetch(`${broker.url}/healthz`);
      answered += 1;
    }
    await reading;
    expect(answered).toBeGreaterThan(20);
  });

  it('needs the scope of its calls, and that for batches', async () => {
    const has = async (...scopes: readonly string[]) => {
      const { tokens } = await connect(broker, { scopes: scopes.map((scope) => `openai:${scope}`) });
      return tokens.access_token;
    };
    for (const as of [
      await has('files', 'text'),
      await has('files', 'batch', 'embeddings'),
      await has('batch'),
    ]) {
      expect(await refused(() => upload(fileOf(good), { as }))).toMatchObject({ code: 'insufficient_scope' });
    }
    expect((await upload(fileOf(good), { as: await has('files', 'batch', 'text') })).status).toBe(200);
  });
});

describe('a batch', () => {
  it('is only made of a file that was uploaded for it', async () => {
    const plain = await upload(fileOf(good), { purpose: 'user_data' });
    const { id } = (await plain.json()) as { id: string };
    const own = await uploaded(good);
    const param = 'input_file_id';
    expect(await refused(() => run(id))).toMatchObject({ code: 'invalid_request', param });
    for (const other of [[own], { id: own }, null, undefined]) {
      expect(await refused(() => run(other))).toMatchObject({ code: 'invalid_request', param });
    }
    expect((await run(own)).status).toBe(200);
  });

  it('is for what its lines are for, and nothing else goes along', async () => {
    const file = await uploaded(good);
    for (const endpoint of ['/v1/chat/completions', '/v1/images/generations', '/responses', null]) {
      expect(await refused(() => run(file, { endpoint }))).toMatchObject({ param: 'endpoint' });
    }
    expect(await refused(() => run(file, { completion_window: '1h' }))).toMatchObject({
      param: 'completion_window',
    });
    expect(await refused(() => run(file, { model: 'o3-pro' }))).toMatchObject({ param: 'model' });
  });

  it('is judged by what the user allows when it is made', async () => {
    const file = await uploaded(lineWith({ max_output_tokens: 100 }));
    await limit({ models: ['gpt-5*'] });
    expect(await refused(() => run(file))).toMatchObject({
      code: 'model_not_allowed',
      param: 'input_file_id',
    });
    expect(await refused(() => upload(fileOf(good)))).toMatchObject({
      code: 'model_not_allowed',
      param: 'file[1].body.model',
    });
    await limit({ max_output_tokens: 99 });
    expect(await refused(() => run(file))).toMatchObject({ code: 'field_not_allowed' });
    await limit({ max_output_tokens: 100, models: ['gpt-4o'] });
    expect((await run(file)).status).toBe(200);
    const narrowed = await narrowToken(broker, token, accessTo('openai', { models: ['gpt-5*'] }));
    expect(await refused(() => run(file, {}, narrowed))).toMatchObject({ code: 'model_not_allowed' });
  });

  it('needs the scope of its calls again', async () => {
    const file = await uploaded(good);
    const { iss: _, jti: _jti, iat: _iat, exp: _exp, ...claims } = decodeJwt<AccessTokenClaims>(token);
    const scope = claims.scope.replace('openai:text ', '');
    expect(scope).not.toBe(claims.scope);
    const without = await broker.deps.accessTokens.mint({ ...claims, scope }, null);
    expect(await refused(() => run(file, {}, without.token))).toMatchObject({ code: 'insufficient_scope' });
  });

  it('goes out as often as the budget has room for all it can cost, however many ask at once', async () => {
    const file = await uploaded(lineWith({ max_output_tokens: 1000 }));
    await run(file);
    const { reservedNanoUsd: one, grantId } = await settledCall({ broker });
    const spent = await spentBy(grantId);
    const limit_usd = ((spent + 5 * one) / 1e9).toFixed(9);
    await limit({ budgets: [{ limit_usd, period: 'total' }] });
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await run(file)).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    await expect.poll(() => spentBy(grantId)).toBe(spent + 5 * one);
  });

  it('counts as so many requests as it has lines', async () => {
    const file = await uploaded(...['a', 'b', 'c'].map((custom_id) => ({ ...good, custom_id })));
    const { grantId } = await settledCall({ broker });
    const before = await broker.deps.store.records.listCalls({ grantId }, { before: null, limit: 1000 });
    const made = before.filter(({ outcome }) => outcome !== 'not_sent').length;
    // Dollars, too: while they are not limited they do not count.
    await limit({ budgets: [{ limit_usd: '1000.00', limit_requests: made + 5, period: 'total' }] });
    expect((await run(file)).status).toBe(200);
    const refusal = await refused(() => run(file));
    expect(refusal).toMatchObject({ code: 'budget_exceeded' });
    expect(refusal.message).toContain('Not enough for 3 requests');
  });

  it('goes out only if all its calls together fit into the budget', async () => {
    const lines = ['a', 'b', 'c'].map((custom_id) => ({
      ...lineWith({ max_output_tokens: 1000 }),
      custom_id,
    }));
    const file = await uploaded(...lines);
    await run(await uploaded(...lines.slice(0, 1)));
    const { reservedNanoUsd: one } = await settledCall({ broker });
    const dollars = (nanoUsd: number) => (nanoUsd / 1e9).toFixed(9);
    await limit({ budgets: [{ limit_usd: dollars(3 * one - 1), period: 'total' }] });
    expect(await refused(() => run(file))).toMatchObject({ status: 402, code: 'budget_exceeded' });
    const { grantId } = await settledCall({ broker });
    const spent = await spentBy(grantId);
    await limit({ budgets: [{ limit_usd: dollars(spent + 3 * one), period: 'total' }] });
    expect((await run(file)).status).toBe(200);
    expect(await settledCall({ broker })).toMatchObject({ countedNanoUsd: 3 * one });
    expect(await refused(() => run(file))).toMatchObject({
      code: 'budget_exceeded',
      message: expect.stringContaining('Bound its answers at fewer tokens, in max_output_tokens'),
    });
  });
});

it('what was brought before the operator has content judged is not run after that', async () => {
  const home = await createHome();
  const before = await startBroker({ home });
  const { tokens } = await connect(before);
  const at = ({ url: base }: Broker) => ({ url: `${base}/openai/v1`, token: tokens.access_token });
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new Blob([JSON.stringify(good)]), 'calls.jsonl');
  const { id } = (await (await call(at(before), '/files', { body: form })).json()) as { id: string };
  await before.close();
  const issuer = { COATCHECK_ISSUER: before.url };
  const after = await startBroker({ home, env: { ...issuer, COATCHECK_MODERATION: 'block' } });
  const asked = { input_file_id: id, endpoint: url, completion_window: '24h' };
  for (const attempt of [
    () => call(at(after), '/batches', { body: asked }),
    () => call(at(after), '/files', { body: form }),
  ]) {
    expect(await errorOf(await attempt())).toMatchObject({ code: 'content_unchecked' });
  }
  expect(after.sandbox.received().filter(({ path }) => /files|batches/.test(path))).toEqual([]);
  await after.close();
  await home.remove();
});
