import { describe, expect, it } from 'vitest';
import { findProvider } from '../../src/catalog/catalog.ts';
import { match } from '../../src/catalog/match.ts';
import { readOutputCap, withOutputCap } from '../../src/catalog/output_cap.ts';
import { applyPolicy } from '../../src/catalog/policy.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const gemini = findProvider('gemini') ?? expect.fail();

function apply(body: JsonObject, verb = 'generateContent') {
  const found = match(gemini, 'POST', `/v1/models/gemini-2.5-flash:${verb}`);
  if (!found || found.route.body.kind === 'none') throw new Error(verb);
  const context = { models: gemini.models, pseudonym: 'pseudonym', pathModel: found.model };
  return applyPolicy(found.route.body.fields, body, context);
}

const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];
const parts = (part: JsonObject) => ({ contents: [{ role: 'user', parts: [{ text: 'Hi' }, part] }] });

describe('the model of the path', () => {
  it('is the model of the call', () => {
    expect(apply({ contents })).toMatchObject({ kind: 'checked', model: 'gemini-2.5-flash' });
  });

  it.each(['gemini-2.5-flash', 'models/gemini-2.5-flash', null])(
    'may be named in the body as %s',
    (model) => {
      expect(apply({ model, contents })).toMatchObject({ kind: 'checked' });
      const request = { model, content: contents[0] };
      expect(apply({ requests: [request, request] }, 'batchEmbedContents')).toMatchObject({
        kind: 'checked',
      });
    },
  );

  it.each(['gemini-2.5-pro', 'tunedModels/gemini-2.5-flash', 7, ['gemini-2.5-flash']])(
    'cannot be another in the body: %j',
    (model) => {
      expect(apply({ model, contents })).toMatchObject({ kind: 'refused', param: 'model' });
      const requests = [{ content: contents[0] }, { model, content: contents[0] }];
      expect(apply({ requests }, 'batchEmbedContents')).toMatchObject({
        ...{ kind: 'refused', code: 'invalid_request', param: 'requests[1].model' },
      });
    },
  );

  it.each(['gemini-2.5-flash-image', 'gemini-2.5-flash-preview-tts', 'nano-banana-pro-preview', 'imagen-4'])(
    'cannot be one that does not write text: %s',
    (model) => {
      expect(match(gemini, 'POST', `/v1/models/${model}:generateContent`)).toBeNull();
    },
  );

  it.each(['x:generateContent', 'x:deleteAll', ':generateContent', 'x:y:generateContent', 'x'])(
    'stands before what is asked of it alone: %s',
    (path) => {
      const found = match(gemini, 'POST', `/v1/models/${path}`);
      expect(found?.model ?? null).toBe(path === 'x:generateContent' ? 'x' : null);
    },
  );
});

describe('what is refused', () => {
  it.each<[string, JsonObject]>([
    ['cachedContent', { cachedContent: 'cachedContents/abc' }],
    ['cached_content', { cached_content: 'cachedContents/abc' }],
    ['continuationToken', { continuationToken: 'abc' }],
    ['serviceTier', { serviceTier: 'priority' }],
    ['store', { store: true }],
    ['tools[0].googleSearch.store', { tools: [{ googleSearch: { store: 'x' } }] }],
    ['tools[0].googleMaps.authConfig', { tools: [{ googleMaps: { authConfig: {} } }] }],
    ['tools[0].fileSearch', { tools: [{ fileSearch: { fileSearchStoreNames: ['x'] } }] }],
    ['tools[0].google_search', { tools: [{ google_search: {} }] }],
    ['tools[1].url_context', { tools: [{ functionDeclarations: [] }, { url_context: {} }] }],
    ['tools[0].mcpServers[0].stdio', { tools: [{ mcpServers: [{ stdio: 'x' }] }] }],
    ['tools', { tools: { googleSearch: {} } }],
    ['generationConfig.candidateCount', { generationConfig: { candidateCount: 2 } }],
    ['generationConfig.max_output_tokens', { generationConfig: { max_output_tokens: 1e6 } }],
    ['generationConfig.responseModalities', { generationConfig: { responseModalities: ['IMAGE'] } }],
    ['generation_config', { generation_config: {} }],
    ['contents[0].parts[1].fileData', parts({ fileData: { fileUri: 'files/abc' } })],
    ['contents[0].parts[1].file_data', parts({ file_data: { file_uri: 'files/abc' } })],
    [
      'contents[0].parts[1].functionResponse.parts[0].fileData',
      parts({ functionResponse: { name: 'x', parts: [{ fileData: { fileUri: 'files/abc' } }] } }),
    ],
    ['systemInstruction.parts[0].fileData', { systemInstruction: { parts: [{ fileData: {} }] } }],
  ])('%s', (param, body) => {
    expect(apply({ contents, ...body })).toMatchObject({ kind: 'refused', param });
  });
});

describe('what goes on', () => {
  it('is what was asked, without labels', () => {
    const body = {
      ...parts({ inlineData: { mimeType: 'image/png', data: 'AAAA' } }),
      tools: [{ functionDeclarations: [{ name: 'weather', parameters: { type: 'OBJECT' } }] }],
      generationConfig: { temperature: 0, thinkingConfig: { thinkingBudget: 0 } },
    };
    expect(apply({ ...body, labels: { team: 'ada' } })).toMatchObject({ kind: 'checked', body });
    const result = apply({ ...body, labels: { team: 'ada' } });
    expect(result.kind === 'checked' && result.body.labels).toBeUndefined();
  });

  it('has its bound inside of generationConfig', () => {
    const rules = { within: 'generationConfig', caps: ['maxOutputTokens'] };
    const temperature = { generationConfig: { temperature: 0 } };
    expect(readOutputCap(rules, {})).toMatchObject({ tokens: 'open' });
    expect(readOutputCap(rules, temperature)).toMatchObject({ tokens: 'open' });
    expect(readOutputCap(rules, { generationConfig: { maxOutputTokens: 7 } })).toMatchObject({
      ...{ tokens: 7, field: 'generationConfig.maxOutputTokens' },
    });
    expect(withOutputCap(rules, temperature, 5)).toEqual({
      generationConfig: { temperature: 0, maxOutputTokens: 5 },
    });
    expect(withOutputCap(rules, {}, 5)).toEqual({ generationConfig: { maxOutputTokens: 5 } });
  });
});
