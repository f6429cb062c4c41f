import { describe, expect, it } from 'vitest';
import { match } from '../../src/catalog/match.ts';
import { openai } from '../../src/catalog/providers/openai.ts';
import { callsOfSdk, readSurface, withoutNames } from './surface.ts';

const surface = readSurface('openai');
const judged = new Set(
  surface.map(({ method, path }) => `${method} ${withoutNames(path.replace('/v1', ''))}`),
);

describe('everything that OpenAI’s API can be asked for is judged', () => {
  it.each(['openai', 'openai-6'])('by the calls of %s', (sdk) => {
    const { calls, unread } = callsOfSdk(sdk);
    expect(unread).toBe(0);
    expect(calls.size).toBeGreaterThan(250);
    expect([...calls].filter((call) => !judged.has(call))).toEqual([]);
  });

  it('with a reason for each that is never lent, and a scope for each that is', () => {
    expect(surface.filter(({ verdict, why }) => verdict === 'never' && why === '')).toEqual([]);
    expect(
      surface.filter(({ verdict, scope }) => verdict !== 'never' && scope === '' && verdict !== 'plain'),
    ).toEqual([]);
    expect(new Set(surface.map(({ verdict }) => verdict))).toEqual(
      new Set(['lent', 'later', 'never', 'plain']),
    );
  });

  it('and the catalog has what is lent, with its scope, and nothing else', () => {
    const wrong = surface
      .filter(({ path }) => !path.includes('?'))
      .filter(({ method, path, verdict, scope }) => {
        const found = match(openai, method, path.replace('/v1', '').replaceAll(/\{\w+\}/g, 'some-id'));
        return verdict === 'lent' ? found?.route.scope !== scope : found !== null;
      });
    expect(wrong).toEqual([]);
    const lent = surface.filter(({ verdict }) => verdict === 'lent');
    expect(openai.routes.map(({ method, path }) => `${method} /v1${path}`).toSorted()).toEqual(
      lent.map(({ method, path }) => `${method} ${path}`).toSorted(),
    );
  });
});
