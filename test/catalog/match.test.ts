import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apis, findProvider } from '../../src/catalog/catalog.ts';
import { match } from '../../src/catalog/match.ts';
import { featureQuery } from '../../src/catalog/provider.ts';

const openai = findProvider('openai') ?? expect.fail();
const matched = (method: string, path: string) => match(openai, method, path)?.path ?? null;

describe('match', () => {
  it('finds every route by its own path', () => {
    for (const provider of apis) {
      const { basePath = '', featureQuery: hasVersions } = provider;
      for (const route of provider.routes) {
        const path = route.path.replace('{model}', 'gpt-4o').replaceAll(/\{\w+\}/g, 'some-id');
        const query = hasVersions ? `?${featureQuery(provider, '')}` : (route.query ?? '');
        const forwarded = basePath + path + query;
        const model = route.path.includes('{model}') ? 'gpt-4o' : null;
        const objects = Object.values(route.kept ?? {}).map((kind) => ({ kind, id: 'some-id', param: null }));
        expect(match(provider, route.method, path)).toEqual({ route, path: forwarded, model, objects });
      }
    }
  });

  it('reads off a path what it names, and not what is found inside of that', () => {
    const found = match(openai, 'GET', '/conversations/conv_1/items/msg_2');
    expect(found?.objects).toEqual([{ kind: 'conversation', id: 'conv_1', param: null }]);
    for (const id of ['resp.1', 'resp:1', 'resp@1', 'x'.repeat(129)]) {
      expect([id, matched('GET', `/responses/${id}`)]).toEqual([id, null]);
    }
  });

  it.each([
    ['/responses/r/input_items', 'limit=5&order=asc&after=msg_1', '?limit=5&order=asc&after=msg_1'],
    ['/responses/r/input_items', 'limit=5;order=asc', ''],
    ['/responses/r/input_items', 'limit=many&order=asc%26x%3D1&after=../files', ''],
    ['/responses/r/input_items', 'constructor=1&__proto__=1&toString=', ''],
    ['/responses/r', 'include[]=reasoning.encrypted_content', '?include%5B%5D=reasoning.encrypted_content'],
    ['/responses/r', 'stream=true&beta=true&key=x', '?stream=true'],
    ['/conversations/c', 'limit=5', ''],
    ['/models', 'limit=5', ''],
  ])('takes of the query of %s just what it knows: %s', (path, query, sent) => {
    expect(match(openai, 'GET', path, query)?.path).toBe(path + sent);
  });

  it('knows each route only by its own method', () => {
    expect(matched('GET', '/chat/completions')).toBeNull();
    expect(matched('DELETE', '/models/gpt-4o')).toBeNull();
    expect(matched('HEAD', '/models')).toBeNull();
    expect(matched('post', '/chat/completions')).toBeNull();
  });

  it.each([
    '/chat/completions/',
    '//chat/completions',
    '/chat//completions',
    '/chat/%63ompletions',
    '/chat%2fcompletions',
    '/chat\\completions',
    '/chat/../chat/completions',
    '/chat/./completions',
    '/chat/completions;x',
    '/chat/completions?x=1',
    '/Chat/Completions',
    '/models/..',
    '/models/.',
    '/models/a/b',
    '/models/a%20b',
    '/models/{model}',
    '/models/',
    '',
    '/',
  ])('finds nothing at %s', (path) => {
    expect(matched('GET', path)).toBeNull();
    expect(matched('POST', path)).toBeNull();
  });

  it('takes model names with dots and colons, but none of a fine-tuned model', () => {
    expect(matched('GET', '/models/gpt-4.1:latest')).toBe('/models/gpt-4.1:latest');
    expect(matched('GET', '/models/ft:gpt-4o-mini:acme::abc')).toBeNull();
    expect(matched('GET', '/models/gpt-4o:ft:acme')).toBeNull();
    expect(matched('GET', '/models/davinci:ft-acme-2023-05-01')).toBeNull();
    expect(matched('GET', `/models/${'m'.repeat(129)}`)).toBeNull();
  });

  it('never forwards a path that another parser could read differently', () => {
    fc.assert(
      fc.property(fc.constantFrom('GET', 'POST'), fc.string({ unit: 'binary' }), (method, text) => {
        const path = matched(method, `/models/${text}`);
        return path === null || /^(\/[A-Za-z0-9_.:@-]+)+$/.test(path);
      }),
    );
  });
});
