import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, connect, providerNamed, startBroker } from '../support/broker.ts';
import { openaiFields } from './support/openai_power_fields.ts';
import { anthropicFields, compatibleFields, geminiFields } from './support/other_power_fields.ts';
import type { PowerField } from './support/power_fields.ts';
import { json, startUpstream, type Upstream } from './support/upstream.ts';
import { call, errorOf } from './support/world.ts';

let upstream: Upstream;
let broker: Broker;
beforeAll(async () => {
  upstream = await startUpstream(
    json(200, { id: 'x', choices: [], content: [], output: [], candidates: [] }),
  );
  broker = await startBroker({ upstreamUrl: upstream.url });
});
afterAll(async () => {
  await broker.close();
  await upstream.close();
});

const tokens = new Map<string, Promise<string>>();

/** A token of an app that may write text, and what else it is given. */
function tokenFor(provider: string, also: readonly string[]): Promise<string> {
  const scopes = ['text', ...also].map((capability) => `${provider}:${capability}`);
  const key = scopes.join(' ');
  const known = tokens.get(key);
  if (known) return known;
  const made = connect(broker, { provider, scopes }).then(({ tokens: { access_token } }) => access_token);
  tokens.set(key, made);
  return made;
}

async function send({ provider, path, body, headers = {} }: PowerField, also: readonly string[]) {
  const token = await tokenFor(provider, also);
  const before = upstream.requests.length;
  const url = broker.url + providerNamed(provider).mount;
  const response = await call({ url, token }, path, { body, headers });
  return { response, arrived: upstream.requests.slice(before) };
}

const refusals = [
  ...['insufficient_scope', 'field_not_allowed', 'model_not_allowed', 'invalid_request', 'not_delegable'],
];

async function expectRefusal(field: PowerField, also: readonly string[]) {
  const { response, arrived } = await send(field, also);
  expect(refusals).toContain((await errorOf(response)).code);
  expect(arrived).toEqual([]);
  return response.status;
}

const fields = [...openaiFields, ...anthropicFields, ...geminiFields, ...compatibleFields];
const scoped = fields.flatMap((field) => (field.needs ? [{ ...field, needs: field.needs }] : []));
const neutral = fields.flatMap((field) => (field.neutral ? [{ ...field, neutral: field.neutral }] : []));
const never = fields.filter((field) => !field.needs && !field.neutral);

describe('what makes a key do more than write text', () => {
  it.each(scoped)('is refused without its scope: $provider, $what', async (field) => {
    expect(await expectRefusal(field, [])).toBe(403);
    const others = ['tools.web', 'tools.code', 'tools.mcp'].filter((scope) => !field.needs.includes(scope));
    const lent = providerNamed(field.provider).scopes.map(({ scope }) => scope);
    await expectRefusal(
      field,
      others.filter((scope) => lent.includes(`${field.provider}:${scope}`)),
    );
  });

  it.each(scoped)('goes through with its scope: $provider, $what', async (field) => {
    const { response, arrived } = await send(field, field.needs);
    expect(response.status).toBe(200);
    const [request] = arrived;
    expect(JSON.parse(request?.body ?? '')).toMatchObject(field.sent ?? field.body);
    expect(request?.body).not.toMatch(/secret|skill_1|allowlist/);
  });

  it.each(neutral)('is neutralised: $provider, $what', async (field) => {
    const { response, arrived } = await send(field, []);
    expect(response.status).toBe(200);
    expect(JSON.parse(arrived[0]?.body ?? '')).toMatchObject(field.neutral);
    expect(JSON.parse(arrived[0]?.body ?? '')).not.toHaveProperty('metadata.a');
    expect(JSON.parse(arrived[0]?.body ?? '')).not.toHaveProperty('labels');
  });

  it.each(never)('is refused, and no scope changes that: $provider, $what', async (field) => {
    await expectRefusal(field, []);
    const lent = providerNamed(field.provider).scopes.map(({ scope }) => scope);
    await expectRefusal(
      field,
      lent.map((scope) => scope.replace(`${field.provider}:`, '')).filter((scope) => scope !== 'text'),
    );
  });
});

describe('a header that switches on what is in beta', () => {
  const servers = anthropicFields.find(({ what }) => what === 'servers') ?? expect.fail();
  const plain = { ...servers, body: { model: 'claude-opus-5', max_tokens: 9, messages: [] } };
  const headers = { 'anthropic-beta': 'files-api-2025-04-14,mcp-client-2025-11-20' };

  it('goes along with what needs it, and nothing else with it', async () => {
    const { arrived } = await send({ ...servers, headers }, ['tools.mcp']);
    expect(arrived[0]?.headers['anthropic-beta']).toBe('mcp-client-2025-11-20');
  });

  it('stays behind in a call that has no use for it', async () => {
    const { arrived } = await send({ ...plain, headers }, ['tools.mcp']);
    expect(arrived[0]?.headers).not.toHaveProperty('anthropic-beta');
  });

  it('names no account', async () => {
    const workspace = { 'anthropic-workspace-id': 'wrkspc_1' };
    const { arrived } = await send({ ...plain, headers: workspace }, []);
    expect(arrived[0]?.headers).not.toHaveProperty('anthropic-workspace-id');
  });
});
