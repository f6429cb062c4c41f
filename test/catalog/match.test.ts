import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findProvider, providers } from '../../src/catalog/catalog.ts';
import { match } from '../../src/catalog/match.ts';

const openai = findProvider('openai') ?? expect.fail();
const matched = (method: string, path: string) => match(openai, method, path)?.path ?? null;

describe('match', () => {
  it('finds every route by its own path', () => {
    for (const provider of providers) {
      for (const route of provider.routes) {
        const path = route.path.replace('{model}', 'gpt-4o');
        const forwarded = path + (route.query ?? '');
        const model = path === route.path ? null : 'gpt-4o';
        expect(match(provider, route.method, path)).toEqual({ route, path: forwarded, model });
      }
    }
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
