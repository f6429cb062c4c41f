import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedCost } from '../../src/catalog/cost.ts';
import { costBound } from '../../src/catalog/cost_bound.ts';
import { match } from '../../src/catalog/match.ts';
import { applyPolicy } from '../../src/catalog/policy.ts';
import { readUsage } from '../../src/catalog/usage.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { providerNamed } from '../support/broker.ts';

/** A call as it is admitted, and what it counts as by its answer. @param toolUses what the broker has chosen */
function callOf(name: string, path: string, body: JsonObject, toolUses?: number) {
  const provider = providerNamed(name);
  const found = match(provider, 'POST', path) ?? expect.fail(path);
  const { route, model: pathModel } = found;
  if (route.body.kind !== 'json' || !route.usage) throw new Error(path);
  const rules = route.usage;
  const checked = applyPolicy(route.body.fields, body, {
    models: provider.models,
    pseudonym: 'pseudonym',
    pathModel,
    ...(toolUses !== undefined && { toolUses }),
  });
  if (checked.kind === 'refused') throw new Error(`${checked.param}: ${checked.message}`);
  return {
    bound: costBound(provider, route, checked, pathModel),
    count: (answer: unknown) =>
      countedCost(provider, checked, readUsage(rules, answer) ?? expect.fail('no usage')),
  };
}

const respond = (tools: readonly JsonObject[], rest: JsonObject = {}, toolUses?: number) =>
  callOf('openai', '/responses', { model: 'gpt-5', input: 'Hi', tools, ...rest }, toolUses);
const responded = (searches?: number) => ({
  model: 'gpt-5',
  usage: { input_tokens: 1_000, output_tokens: 100 },
  ...(searches !== undefined && { tool_usage: { web_search: { num_requests: searches } } }),
});
/** At 1.25 and 10 USD for a million tokens. */
const tokens = 2_250_000;

const ask = (tools: readonly JsonObject[], rest: JsonObject = {}) =>
  callOf('anthropic', '/v1/messages', {
    model: 'claude-opus-5',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'Hi' }],
    tools,
    ...rest,
  });
const told = (server_tool_use: object | null) => ({
  model: 'claude-opus-5',
  usage: { input_tokens: 1_000, output_tokens: 100, server_tool_use },
});
const webSearch = { type: 'web_search_20250305', name: 'web_search' };

const generate = (tool: JsonObject) =>
  callOf('gemini', '/v1/models/gemini-2.5-flash:generateContent', { contents: [], tools: [tool] });
const generated = (webSearchQueries?: readonly string[]) => ({
  candidates: [
    { finishReason: 'STOP', ...(webSearchQueries && { groundingMetadata: { webSearchQueries } }) },
  ],
  usageMetadata: { promptTokenCount: 1_000, candidatesTokenCount: 100 },
});

describe('the fees of tools that run at the provider', () => {
  it('are in the price by the searches that the answer reports', () => {
    const search = respond([{ type: 'web_search' }]);
    // 10 USD for a thousand searches.
    expect(search.count(responded(3))).toEqual({ cost: tokens + 30_000_000, counted: tokens + 30_000_000 });
    expect(search.count(responded(0))).toEqual({ cost: tokens, counted: tokens });
    // 5 and 25 USD for a million tokens.
    const cost = 7_500_000;
    expect(ask([webSearch]).count(told({ web_search_requests: 2 })).cost).toBe(cost + 20_000_000);
    expect(ask([webSearch]).count(told(null)).cost).toBe(cost);
  });

  it('leave the price unknown where the answer says nothing of them, and are counted in full', () => {
    const searches = { cost: null, counted: tokens + 100_000_000 };
    expect(respond([{ type: 'web_search' }]).count(responded())).toEqual(searches);
    const fewer = respond([{ type: 'web_search' }], { max_tool_calls: 2 });
    expect(fewer.count(responded())).toEqual({ cost: null, counted: tokens + 20_000_000 });
    // The older search is dearer than the table knows.
    const older = respond([{ type: 'web_search_preview' }], { max_tool_calls: 2 });
    expect(older.count(responded(2))).toMatchObject({ cost: null });
    expect(older.count(responded(2)).counted).toBeGreaterThanOrEqual(tokens + 50_000_000);
    const container = respond([{ type: 'code_interpreter' }]);
    expect(container.count(responded())).toEqual({ cost: null, counted: tokens + 120_000_000 });
    const hour = ask([{ type: 'code_execution_20250825', name: 'code_execution' }]);
    expect(hour.count(told(null))).toEqual({ cost: null, counted: 57_500_000 });
  });

  it('are counted by our own rates where the table has none', () => {
    const search = generate({ googleSearch: {} });
    const { cost, counted } = search.count(generated(['a', 'b']));
    expect(cost).toBeNull();
    expect(counted).toBeGreaterThanOrEqual(70_000_000);
    // 0.3 and 2.5 USD for a million tokens.
    expect(search.count(generated())).toEqual({ cost: 550_000, counted: 550_000 });
    expect(generate({ googleMaps: {} }).count(generated()).cost).toBeNull();
  });

  it('are nothing for servers of others, which have their own', () => {
    const server = { type: 'mcp', server_label: 'a', server_url: 'https://a.example' };
    expect(respond([server]).count(responded()).cost).toBe(tokens);
  });
});

describe('the searches of a stream', () => {
  it('stay counted when later pieces do not repeat them', () => {
    const usage = match(providerNamed('gemini'), 'POST', '/v1/models/m:streamGenerateContent')?.route.usage;
    if (!usage) throw new Error('no usage');
    const found = readUsage(usage, generated(['a', 'b']));
    expect(readUsage(usage, generated(), found)?.usage.web_searches).toBe(2);
  });
});

describe('the largest cost of a call with tools that run at the provider', () => {
  const uses = fc.nat(10);
  const window = fc.nat(400_000);
  const tools = [{ type: 'web_search' }, { type: 'code_interpreter' }];
  const server = { type: 'mcp', server_label: 'a', server_url: 'https://a.example' };

  it.each(['app', 'broker'])(
    'holds for every number of uses that the %s allows, each of which has the model read all it can',
    (who) => {
      fc.assert(
        fc.property(uses, uses, window, fc.boolean(), (most, used, read, hasServer) => {
          const offered = hasServer ? [...tools, server] : tools;
          const asked = { max_output_tokens: 100, ...(who === 'app' && { max_tool_calls: most }) };
          const { base, perOutputToken, toolUses } = respond(offered, asked).bound;
          const searches = Math.min(most, used);
          // Before the first use there is what was sent, a word, and how the tools are described; and what servers say of themselves.
          const first = hasServer ? read : Math.min(read, 2_000 * tools.length);
          const answer = {
            model: 'gpt-5',
            usage: { input_tokens: first + read * searches, output_tokens: 100 },
            tool_usage: { web_search: { num_requests: searches } },
          };
          const { counted } = respond(offered, asked, most).count(answer);
          expect(counted).toBeLessThanOrEqual(base + (toolUses?.each ?? 0) * most + perOutputToken * 100);
        }),
      );
    },
  );

  it('holds for searches of which the model reads all that it can, and is not for its whole context window', () => {
    const search = (model: string) =>
      callOf('openai', '/responses', { model, input: 'Hi', tools: [{ type: 'web_search' }] });
    fc.assert(
      fc.property(
        fc.constantFrom('gpt-5', 'gpt-5.5'),
        uses,
        fc.nat(128_000),
        fc.nat(128_000),
        (model, searches, found, written) => {
          const { bound, count } = search(model);
          const first = 2_000;
          const answer = {
            model,
            usage: {
              input_tokens: first + searches * (first + found + written),
              output_tokens: written,
            },
            tool_usage: { web_search: { num_requests: searches } },
          };
          const largest =
            bound.base + (bound.toolUses?.each ?? 0) * searches + bound.perOutputToken * written;
          expect(count(answer).counted).toBeLessThanOrEqual(largest);
        },
      ),
    );
    const whole = 1_000_000 * 10_000;
    expect(search('gpt-5.5').bound.toolUses?.each).toBeLessThan(whole / 3);
  });

  it('is more for each use that is allowed', () => {
    const bounds = [0, 1, 10].map((max_uses) => ask([{ ...webSearch, max_uses }]).bound.base);
    expect(bounds).toEqual(bounds.toSorted((one, other) => one - other));
    expect(new Set(bounds).size).toBe(3);
  });

  it('is the same whether the app or the broker says how often', () => {
    const fetch = { type: 'web_fetch_20250910', name: 'web_fetch' };
    const { base, toolUses } = ask([webSearch, fetch]).bound;
    const said = ask([
      { ...webSearch, max_uses: 3 },
      { ...fetch, max_uses: 3 },
    ]).bound;
    expect(said.toolUses).toBeUndefined();
    expect(toolUses?.most).toBe(10);
    // The number is in the body.
    expect((base + 3 * (toolUses?.each ?? 0)) / said.base).toBeCloseTo(1, 5);
  });

  it('leaves nothing to the broker where no field bounds the uses', () => {
    expect(generate({ googleSearch: {} }).bound.toolUses).toBeUndefined();
    expect(ask([{ type: 'code_execution_20250825', name: 'code_execution' }]).bound.toolUses).toBeUndefined();
  });
});
