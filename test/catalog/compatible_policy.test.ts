import { describe, expect, it } from 'vitest';
import { apis, providers } from '../../src/catalog/catalog.ts';
import { costOf } from '../../src/catalog/cost.ts';
import { errorIn, failureMeaning } from '../../src/catalog/failure.ts';
import { applyPolicy } from '../../src/catalog/policy.ts';
import type { Provider } from '../../src/catalog/provider.ts';
import { publicAnswer } from '../../src/catalog/public_answer.ts';
import { readUsage } from '../../src/catalog/usage.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { providerNamed } from '../support/broker.ts';

const chat = { model: 'a-model', messages: [{ role: 'user', content: 'Hi' }] };
const names = ['mistral', 'groq', 'openrouter', 'deepseek', 'xai', 'together'];

function chatRoute(name: string) {
  const route = providerNamed(name).routes.find(({ path }) => path.endsWith('/chat/completions'));
  if (route?.body.kind !== 'json') throw new Error(name);
  return { fields: route.body.fields, usage: route.usage ?? expect.fail() };
}

function apply(name: string, body: JsonObject) {
  const context = { models: providerNamed(name).models, pseudonym: 'pseudonym-of-the-grant' };
  return applyPolicy(chatRoute(name).fields, { ...chat, ...body }, context);
}

/** The rules for chats of an API after OpenAI's. */
function chatFieldsOf({ mount, routes, models }: Provider) {
  const bodies = routes.filter(({ path }) => path.endsWith('/chat/completions')).map(({ body }) => body);
  return bodies.flatMap((body) => (body.kind === 'json' ? [{ mount, fields: body.fields, models }] : []));
}

const part = (value: object) => ({ messages: [{ role: 'user', content: [value] }] });
const tool = (type: string, rest: object = {}) => ({ tools: [{ type, ...rest }] });

describe('what no provider takes from an app', () => {
  const everywhere: readonly (readonly [body: JsonObject, param: string])[] = [
    [tool('web_search'), 'tools[0].type'],
    [tool('mcp', { server_url: 'https://a.example' }), 'tools[0].type'],
    [part({ type: 'file', file_id: 'file-1' }), 'messages[0].content[0].type'],
    [part({ type: 'text', text: 'Hi', file_id: 'file-1' }), 'messages[0].content[0].file_id'],
    [{ messages: [{ id: 'msg_1' }] }, 'messages[0].id'],
    [{ unheard_of: 1 }, 'unheard_of'],
  ];
  it.each(names.flatMap((name) => everywhere.map(([body, param]) => ({ name, body, param }))))(
    '$name: $param in $body',
    ({ name, body, param }) => {
      expect(apply(name, body)).toMatchObject({ kind: 'refused', param });
    },
  );

  it.each<[string, JsonObject, string]>([
    ['mistral', tool('document_library', { library_ids: ['lib_1'] }), 'tools[0].type'],
    ['mistral', tool('connector', { connector_id: 'gmail' }), 'tools[0].type'],
    [
      'mistral',
      part({ type: 'document_url', document_url: 'https://a.example' }),
      'messages[0].content[0].type',
    ],
    ['mistral', tool('code_interpreter'), 'tools[0].type'],
    ['openrouter', tool('code_interpreter'), 'tools[0].type'],
    ['xai', tool('code_interpreter'), 'tools[0].type'],
    ['mistral', { guardrails: [{}] }, 'guardrails'],
    ['mistral', { service_tier: 'priority' }, 'service_tier'],
    ['mistral', { model: 'ft:mistral-small:canary:20260101:abc' }, 'model'],
    ['mistral', { model: 'ag:canary:20260101:helper:abc' }, 'model'],
    ['groq', { compound_custom: { agents: {} } }, 'compound_custom.agents'],
    ['groq', { documents: [{ source: { type: 'text', text: 'a' } }] }, 'documents'],
    ['groq', part({ type: 'document', document: { data: {} } }), 'messages[0].content[0].type'],
    ['groq', { service_tier: 'performance' }, 'service_tier'],
    ['openrouter', { models: ['openai/gpt-5'] }, 'models'],
    ['openrouter', { plugins: [{ id: 'file-parser' }] }, 'plugins[0].id'],
    ['openrouter', { plugins: [{ id: 'web', engine: 'firecrawl' }] }, 'plugins[0].engine'],
    ['openrouter', { provider: { order: ['azure'] } }, 'provider'],
    ['openrouter', { preset: 'my-preset' }, 'preset'],
    ['openrouter', { model: '@preset/my-preset' }, 'model'],
    ['openrouter', { model: 'openai/gpt-5@preset/my-preset' }, 'model'],
    ['openrouter', { model: 'openrouter/auto' }, 'model'],
    ['openrouter', { model: '~openai/gpt-latest' }, 'model'],
    ['openrouter', tool('openrouter:web_search'), 'tools[0].type'],
    ['openrouter', part({ type: 'file', file: { file_data: 'data:' } }), 'messages[0].content[0].type'],
    ['openrouter', { service_tier: 'priority' }, 'service_tier'],
    ['openrouter', { modalities: ['image', 'text'] }, 'modalities'],
    ['xai', { deferred: true }, 'deferred'],
    ['xai', { search_parameters: { mode: 'auto' } }, 'search_parameters'],
    ['xai', tool('live_search'), 'tools[0].type'],
    ['xai', { model: 'grok-4.20-multi-agent' }, 'model'],
    ['together', { safety_model: 'a-guard' }, 'safety_model'],
    ['together', { compliance: 'hipaa' }, 'compliance'],
  ])('%s: %j', (name, body, param) => {
    expect(apply(name, body)).toMatchObject({ kind: 'refused', param });
  });
});

describe('a tool that does not say what it is', () => {
  const mounts = [...names, 'gemini', 'azure', 'openai'];

  it.each(mounts.flatMap((name) => apis.filter((api) => api.name === name)).flatMap(chatFieldsOf))(
    'is refused at $mount',
    ({ fields, models }) => {
      for (const tools of [
        [{ google_search: {} }],
        [{ web_search: {} }],
        [{ type: null, library_ids: ['a'] }],
        [{ type: 'function', function: { name: 'f' } }, { function: { name: 'g' } }],
        ['web_search'],
        { 0: { web_search: {} } },
        { web_search: {} },
        'web_search',
      ]) {
        const body = { messages: chat.messages, tools };
        const result = applyPolicy(fields, body, { models, pseudonym: 'pseudonym' });
        expect(result).toMatchObject({ kind: 'refused', param: expect.stringMatching(/^tools/) });
      }
    },
  );
});

describe('what an app may send', () => {
  it.each(names)('%s: a picture, a tool of its own and what it answered', (name) => {
    const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"type":"mcp"}' } };
    const result = apply(name, {
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://a.example' } }] },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_1', content: 'Rain' },
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'f' } },
      stream: true,
    });
    expect(result.kind).toBe('checked');
  });

  it('mistral: a call of a tool without a type, as it writes them itself', () => {
    const call = { id: 'call12345', function: { name: 'f', arguments: '{}' } };
    const messages = [{ role: 'assistant', tool_calls: [call] }];
    expect(apply('mistral', { messages }).kind).toBe('checked');
    expect(apply('groq', { messages }).kind).toBe('refused');
  });

  it('goes on with the grant in the place of the user', () => {
    for (const [name, field] of [
      ['groq', 'user'],
      ['openrouter', 'user'],
      ['openrouter', 'session_id'],
      ['deepseek', 'user_id'],
      ['xai', 'user'],
      ['mistral', 'prompt_cache_key'],
    ] as const) {
      const result = apply(name, { [field]: 'ada' });
      expect(result).toMatchObject({ body: { [field]: 'pseudonym-of-the-grant' } });
    }
  });

  it('gets the ordinary tier of Groq, whatever the account prefers', () => {
    expect(apply('groq', {})).toMatchObject({ body: { service_tier: 'on_demand' } });
    expect(apply('groq', { service_tier: 'auto' })).toMatchObject({ body: { service_tier: 'on_demand' } });
  });
});

describe('what a call comes to', () => {
  const models = { model: 'openai/gpt-4o-mini', otherModels: [] };
  const cost = (name: string, usage: object, holder?: string) => {
    const answer = holder ? { choices: [], [holder]: { usage } } : { usage };
    const report = readUsage(chatRoute(name).usage, answer);
    return report && costOf(providerNamed(name).priceTable, models, report);
  };
  const counts = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };

  it.each([
    [{ cost: 0.00012345, is_byok: false }, 123_450],
    [{ cost: 0.0000000015 }, 2],
    [{ cost: 0 }, 0],
    [{ cost: 0.000001, is_byok: true, cost_details: { upstream_inference_cost: 0.00002 } }, 21_000],
    // What is left unsaid is priced by the table.
    [{}, 210_000],
    [{ cost: null }, 210_000],
    [{ cost: 0.000001, is_byok: true, cost_details: { upstream_inference_cost: null } }, 210_000],
  ])('is what OpenRouter says: %j', (said, nanoUsd) => {
    expect(cost('openrouter', { ...counts, ...said })).toBe(nanoUsd);
  });

  it('is what xAI says, or by the table with what was thought on top', () => {
    expect(cost('xai', { ...counts, cost_in_usd_ticks: 37_756_000 })).toBe(3_775_600);
    const thought = { ...counts, completion_tokens_details: { reasoning_tokens: 400 } };
    expect(readUsage(chatRoute('xai').usage, { usage: thought })?.usage.output_tokens).toBe(500);
  });

  it('is read where the last chunk of Groq has it', () => {
    const report = readUsage(chatRoute('groq').usage, { x_groq: { id: 'req_1', usage: counts } });
    expect(report?.usage).toMatchObject({ input_tokens: 1_000, output_tokens: 100 });
    expect(readUsage(chatRoute('together').usage, { x_groq: { usage: counts } })).toBeNull();
  });

  it('is unknown where Mistral has heard something, which the table has no price for', () => {
    const heard = readUsage(chatRoute('mistral').usage, { usage: { ...counts, prompt_audio_seconds: 7 } });
    const small = { model: 'mistral-small-2603', otherModels: [] };
    expect(heard && costOf('mistral', small, heard)).toBeNull();
    const read = readUsage(chatRoute('mistral').usage, { usage: { ...counts, prompt_audio_seconds: null } });
    expect(read && costOf('mistral', small, read)).toBeGreaterThan(0);
  });

  it('is unknown, never 0, for a model that the table does not have', () => {
    for (const name of names) {
      const report = readUsage(chatRoute(name).usage, { usage: counts }) ?? expect.fail();
      const unheardOf = { model: 'unheard-of-1', otherModels: [] };
      expect(costOf(providerNamed(name).priceTable, unheardOf, report)).toBeNull();
    }
  });
});

describe('what a refusal means', () => {
  const meaning = (name: string, status: number, body: object) => {
    const { errors } = providerNamed(name);
    return failureMeaning(errors, status, errorIn(errors, Buffer.from(JSON.stringify(body))));
  };

  it.each<[string, number, object, string | null]>([
    ['xai', 400, { code: 'invalid', error: 'Incorrect API key provided: xa***yz.' }, 'provider_key_invalid'],
    ['xai', 400, { code: 'invalid', error: 'temperature is above 2' }, null],
    ['xai', 400, { code: 'invalid', error: 'unknown variant `Incorrect API key`' }, null],
    ['xai', 403, { error: 'Your team has no credits yet.' }, 'provider_quota_exceeded'],
    ['deepseek', 402, { error: { message: 'Insufficient Balance' } }, 'provider_quota_exceeded'],
    ['openrouter', 403, { error: { code: 403, message: 'Key limit exceeded' } }, 'provider_quota_exceeded'],
    ['mistral', 403, { object: 'error', type: 'tier_not_allowed', code: '1910' }, 'provider_key_invalid'],
    ['mistral', 429, { object: 'error', message: 'Requests rate limit exceeded' }, 'provider_rate_limited'],
    ['groq', 413, { error: { code: 'rate_limit_exceeded', message: 'org_1' } }, 'provider_rate_limited'],
    ['groq', 413, { error: { code: 'request_too_large', message: 'Too large' } }, null],
    ['groq', 498, { error: { message: 'capacity' } }, 'provider_error'],
  ])('%s: %i %j', (name, status, body, code) => {
    expect(meaning(name, status, body)?.code ?? null).toBe(code);
  });

  it('keeps what Mistral finds wrong with a field, without what was in it', () => {
    const detail = [
      { type: 'extra_forbidden', loc: ['body', 'store'], msg: 'Not permitted', input: 'secret' },
    ];
    const { errors } = providerNamed('mistral');
    const body = Buffer.from(JSON.stringify({ detail }));
    expect(errorIn(errors, body).message).toBe('body.store: Not permitted.');
  });

  it('stays a number in the middle of a stream where it is one, and an error where it says it is', () => {
    const { errors } = providerNamed('openrouter');
    const chunk = { choices: [], error: { code: 502, message: 'About user_2Canary00User', metadata: {} } };
    expect(publicAnswer(errors, chunk).shown).toMatchObject({ error: { code: 502, source: 'provider' } });
    const event = { object: 'error', message: 'About org-Canary00', request_id: 'canary' };
    const { shown } = publicAnswer(providerNamed('mistral').errors, event);
    expect(shown).toMatchObject({ object: 'error', source: 'provider' });
    expect(JSON.stringify(shown)).not.toContain('anary');
  });
});

describe('a pasted key', () => {
  const good: Readonly<Record<string, string>> = {
    mistral: 'Ab3'.repeat(10).padEnd(32, 'x'),
    groq: `gsk_${'Ab3'.repeat(17)}`,
    openrouter: `sk-or-v1-${'0123456789abcdef'.repeat(4)}`,
    deepseek: `sk-${'0123456789abcdef'.repeat(2)}`,
    xai: `xai-${'Ab3'.repeat(26)}`,
    together: `tgp_v1_${'Ab3-_'.repeat(8)}`,
  };

  it.each(Object.entries(good))('of %s is taken there, and nowhere else', (name, key) => {
    expect(providerNamed(name).keyShape(key)).toEqual({ kind: 'key', sandbox: false });
    const takers = providers.filter(({ keyShape }) => keyShape(key).kind === 'key').map((one) => one.name);
    // Those of DeepSeek look like old ones of OpenAI.
    expect(takers).toEqual(name === 'deepseek' ? ['openai', name] : [name]);
  });

  it.each(names)('for the sandbox of %s is taken there as one', (name) => {
    const { keyShape, sandboxKeyPrefix } = providerNamed(name);
    expect(keyShape(`${sandboxKeyPrefix}key_01abc`)).toEqual({ kind: 'key', sandbox: true });
  });

  it.each([
    ['groq', good.openrouter, 'This is an OpenRouter key, not one of Groq.'],
    ['openrouter', good.groq, 'This is a Groq key, not one of OpenRouter.'],
    ['deepseek', 'sk-proj-abcdefghijklmnop', 'This is an OpenAI key'],
    ['mistral', 'sk-ant-api03-abcdefgh', 'This is an Anthropic key'],
    ['xai', 'xai-token-abcdefghijklmnopqrstuvwxyz', 'management key'],
    ['together', 'tgp_v1_cut', 'Together keys begin with tgp_v1_'],
    ['groq', 'gsk_abc def', 'space or line break'],
    ['groq', 'gsk_sandbox_<script>', 'Groq keys begin with gsk_'],
  ])('is refused by %s with advice: %s', (name, key, advice) => {
    const shape = providerNamed(name).keyShape(key ?? '');
    expect(shape).toMatchObject({ kind: 'refused', advice: expect.stringContaining(advice) });
  });

  it.each([
    [{ is_management_key: true, is_provisioning_key: false }, true],
    [{ is_management_key: false, is_provisioning_key: true }, true],
    [{ is_management_key: false, is_provisioning_key: false }, false],
  ])('of OpenRouter that could make further keys is not lent: %j', (data, isRefused) => {
    const refusal = providerNamed('openrouter').keyRefusal?.({ data });
    expect(refusal !== null).toBe(isRefused);
  });
});
