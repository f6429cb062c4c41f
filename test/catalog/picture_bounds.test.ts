import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apis } from '../../src/catalog/catalog.ts';
import { countedCost } from '../../src/catalog/cost.ts';
import { inputSize } from '../../src/catalog/input_bound.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { boundOf, providerNamed } from './bound_of.ts';

const data = 'A'.repeat(4_000);
const address = `data:image/png;base64,${data}`;
const pdf = `data:application/pdf;base64,${data}`;
const film = `data:video/mp4;base64,${data}`;
const inChat = { type: 'image_url', image_url: { url: address } };
const inResponse = { type: 'input_image', image_url: address };
const inMessage = { type: 'image', source: { type: 'base64', media_type: 'image/png', data } };
const inContent = { inlineData: { mimeType: 'image/png', data } };

type Ask = (parts: readonly JsonObject[]) => JsonObject;
const chat: Ask = (content) => ({ messages: [{ role: 'user', content }] });
const respond: Ask = (content) => ({ input: [{ role: 'user', content }] });
const message: Ask = (content) => ({ max_tokens: 1, messages: [{ role: 'user', content }] });
const generate: Ask = (parts) => ({ contents: [{ parts }] });

const chatPath = '/chat/completions';
const generatePath = '/v1beta/models/{model}:generateContent';

/** What call there is to each API, and how it holds a picture. */
const calls = {
  chat: { provider: 'openai', path: chatPath, ask: chat, picture: inChat },
  response: { provider: 'openai', path: '/responses', ask: respond, picture: inResponse },
  message: { provider: 'anthropic', path: '/v1/messages', ask: message, picture: inMessage },
  content: { provider: 'gemini', path: generatePath, ask: generate, picture: inContent },
};

function bound(provider: string, path: string, model: string, fields: JsonObject): number {
  const isInPath = path.includes('{model}');
  return boundOf(provider, path, isInPath ? fields : { model, ...fields }, isInPath ? model : null).base;
}

/** Tokens of a picture by the published arithmetic of its provider. */
type Counted = (width: number, height: number) => number;

const grid = (width: number, height: number, side: number) =>
  Math.ceil(width / side) * Math.ceil(height / side);
const shrunk = (width: number, height: number, factor: number) =>
  [Math.max(1, Math.floor(width * factor)), Math.max(1, Math.floor(height * factor))] as const;

const inTiles =
  (whole: number, tile: number): Counted =>
  (width, height) => {
    const [fitWidth, fitHeight] = shrunk(width, height, Math.min(1, 2_048 / Math.max(width, height)));
    const short = Math.min(1, 768 / Math.min(fitWidth, fitHeight));
    return whole + tile * grid(...shrunk(fitWidth, fitHeight, short), 512);
  };

/** Shrunk until no more than so many patches are left. */
const inPatches =
  (side: number, most: number, each: number): Counted =>
  (width, height) => {
    let factor = 1;
    while (grid(...shrunk(width, height, factor), side) > most) factor *= 0.99;
    return Math.ceil(grid(...shrunk(width, height, factor), side) * each);
  };

/** Refused beyond. */
const inFullSize: Counted = (width, height) => Math.ceil(Math.min(grid(width, height, 32), 30_000) * 1.2);

describe('the largest cost of pictures', () => {
  it.each<[keyof typeof calls, string, Counted]>([
    ['chat', 'gpt-4o', inTiles(85, 170)],
    ['chat', 'gpt-4o-mini', inTiles(2_833, 5_667)],
    ['chat', 'gpt-4.1', inTiles(85, 170)],
    ['chat', 'gpt-4.1-nano', inPatches(32, 6_144, 2.46)],
    ['response', 'o3', inTiles(75, 150)],
    ['response', 'o4-mini', inPatches(32, 6_144, 1.72)],
    ['response', 'gpt-5', inTiles(70, 140)],
    ['response', 'gpt-5-nano', inPatches(32, 6_144, 2.46)],
    ['response', 'gpt-5.5', inPatches(32, 10_000, 1.62)],
    ['response', 'gpt-6-sol', inFullSize],
    ['message', 'claude-sonnet-4-5', inPatches(28, 1_568, 1)],
    ['message', 'claude-opus-4-8', inPatches(28, 4_784, 1)],
    ['message', 'claude-sonnet-5', inPatches(28, 4_784, 1)],
    ['content', 'gemini-2.5-flash', () => 256 + 2_048],
    ['content', 'gemini-3.5-flash', () => 2_240],
  ])(
    'holds in a %s to %s for every size, half as many tokens as it is counted in left over',
    (name, model, counted) => {
      const { provider, path, ask, picture } = calls[name];
      const size = fc.integer({ min: 1, max: 8_000 });
      fc.assert(
        fc.property(size, size, fc.integer({ min: 1, max: 4 }), (width, height, count) => {
          const most = bound(provider, path, model, ask(Array(count).fill(picture)));
          const usage = { input_tokens: Math.ceil(1.5 * count * counted(width, height)) };
          const report = { charges: [{ model, usage }], costNanoUsd: null };
          const { cost } = countedCost(providerNamed(provider), { model, otherModels: [] }, report);
          if (cost === null) expect.fail('no price');
          expect(cost).toBeLessThanOrEqual(most);
        }),
        { numRuns: 200 },
      );
    },
  );

  it('holds for pictures in a document of a model that counts them for more than they take up', () => {
    const file = { type: 'file', file: { file_data: pdf } };
    const most = bound('openai', chatPath, 'gpt-4o-mini', chat([file]));
    // 88 of 1,445 tokens fill the context window.
    expect(most).toBeGreaterThanOrEqual(88 * inTiles(2_833, 5_667)(2_048, 768) * 150);
  });

  it('is for no more of them than there can be in a call', () => {
    const most = (count: number) =>
      bound('openai', chatPath, 'gpt-5-nano', chat(Array(count).fill(inChat))) / 50;
    expect(most(10)).toBeGreaterThan(10 * 24_576);
    expect(most(1_000)).toBeLessThan(3.5 * 1.05 * 400_000);
    // 2.46 tokens for each of the patches that fill the context window.
    expect(most(1_000)).toBeGreaterThan(2.46 * 400_000);
  });

  it('is cents where the whole context window would be dollars', () => {
    const usd = (name: keyof typeof calls, model: string) => {
      const { provider, path, ask, picture } = calls[name];
      return bound(provider, path, model, ask([picture])) / 1e9;
    };
    expect(usd('chat', 'gpt-4o')).toBeLessThan(0.02);
    expect(usd('response', 'gpt-5.5')).toBeLessThan(0.15);
    expect(usd('message', 'claude-opus-5')).toBeLessThan(0.06);
    expect(usd('content', 'gemini-2.5-pro')).toBeLessThan(0.02);
  });
});

function sizeOn(mount: string, fields: JsonObject) {
  const api = apis.find((one) => one.mount === mount) ?? expect.fail(mount);
  return inputSize(fields, api.pictures ?? expect.fail(mount));
}

describe('the pictures of a body', () => {
  const answered = (output: unknown) => ({ input: [{ type: 'function_call_output', call_id: 'a', output }] });
  const screenshot = { type: 'computer_screenshot', image_url: address };
  const toolResult = { type: 'tool_result', tool_use_id: 'a', content: [inMessage, inMessage] };
  const elsewhere = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
  const response = { functionResponse: { name: 'a', response: {}, parts: [inContent] } };

  it.each<[string, string, JsonObject, number]>([
    ['a message', '/openai/v1', chat([inChat, { type: 'text', text: 'Hi' }, inChat]), 2],
    ['two messages', '/openai/v1', { input: [{ content: [inResponse] }, { content: [inResponse] }] }, 2],
    ['what a function has answered', '/openai/v1', answered([inResponse]), 1],
    ['what is on a screen', '/openai/v1', answered(screenshot), 1],
    ['what a tool has answered', '/anthropic', message([inMessage, toolResult]), 3],
    ['an address', '/anthropic', message([elsewhere]), 1],
    ['what a function has answered there', '/gemini', generate([inContent, response]), 2],
    ['the API that is after another', '/gemini-openai', chat([inChat]), 1],
  ])('are counted in %s, and their data not as text', (_, mount, fields, pictures) => {
    const size = sizeOn(mount, fields);
    expect(size).toMatchObject({ pictures, hasMore: false });
    expect(size.tokens).toBeLessThan(1_000);
  });

  const text = { type: 'input_text', text: 'x'.repeat(1_000) };
  const schema = (parameters: JsonObject) => ({ tools: [{ type: 'function', name: 'a', parameters }] });

  it.each<[string, string, JsonObject]>([
    ['in the schema of a function', '/openai/v1', schema(inResponse)],
    ['in a message of such a schema', '/openai/v1', schema(respond([inResponse]))],
    ['in instructions', '/openai/v1', { instructions: [inResponse] }],
    ['that are a document', '/openai/v1', chat([{ ...inChat, image_url: { url: pdf } }])],
    ['that are a film', '/gemini-openai', chat([{ ...inChat, image_url: { url: film } }])],
    ['with a file beside them', '/openai/v1', respond([{ ...inResponse, file_id: 'file-1' }])],
    ['with more under their name', '/openai/v1', chat([{ ...inChat, image_url: { url: address, text } }])],
    ['in unknown detail', '/openai/v1', chat([{ ...inChat, image_url: { url: address, detail: data } }])],
    ['next to sound', '/openai/v1', chat([inChat, { type: 'input_audio', input_audio: { data } }])],
    ['next to what is kept', '/openai/v1', { ...respond([inResponse]), previous_response_id: 'resp_1' }],
    ['of another kind', '/anthropic', message([{ ...inMessage, source: { type: 'base64', data } }])],
    ['in a document', '/anthropic', message([{ type: 'document', source: { content: [inMessage] } }])],
    ['that are a film there', '/gemini', generate([{ inlineData: { mimeType: 'video/mp4', data } }])],
    ['in pages', '/gemini', generate([{ inlineData: { mimeType: 'application/pdf', data } }])],
    ['in any number of tokens', '/gemini', generate([{ ...inContent, mediaResolution: { numTokens: 9e9 } }])],
  ])('are of no length that shows %s', (_, mount, fields) => {
    expect(sizeOn(mount, fields).hasMore).toBe(true);
  });

  it('do not hide what is written beside them', () => {
    const inside = sizeOn('/openai/v1', respond([{ ...inResponse, text }]));
    const beside = sizeOn('/openai/v1', respond([inResponse, text]));
    for (const { tokens, hasMore } of [inside, beside]) {
      expect(tokens).toBeGreaterThan(1_000);
      expect(hasMore).toBe(false);
    }
    const kept = message([{ ...inMessage, cache_control: { type: 'ephemeral', ttl: '1h' } }]);
    expect(sizeOn('/anthropic', kept)).toMatchObject({ pictures: 1, isKept: true });
  });

  it('take the whole context window where it is not certain how they are counted', () => {
    const window = (model: string) => {
      const whole = bound('openai', chatPath, model, chat([{ type: 'text', text: 'x'.repeat(2_000_000) }]));
      return bound('openai', chatPath, model, chat([inChat])) === whole;
    };
    expect(window('gpt-5.4-mini')).toBe(true);
    expect(window('gpt-5.4')).toBe(false);
  });
});
