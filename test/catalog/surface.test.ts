import { describe, expect, it } from 'vitest';
import { apis } from '../../src/catalog/catalog.ts';
import { match } from '../../src/catalog/match.ts';
import { matchSocket } from '../../src/catalog/match_socket.ts';
import type { Provider } from '../../src/catalog/provider.ts';
import {
  callsOfSdk,
  groundOf,
  namesOfGoogleSdk,
  pathOf,
  readSurface,
  type SurfaceRow,
  socketsOfSdk,
  withoutNames,
} from './surface.ts';

const sdks: Readonly<Record<string, readonly string[]>> = {
  openai: ['openai', 'openai-6'],
  anthropic: ['@anthropic-ai/sdk', 'anthropic-0'],
  mistral: ['@mistralai/mistralai'],
  groq: ['groq-sdk'],
  openrouter: ['@openrouter/sdk'],
  together: ['together-ai'],
  azure: ['openai', 'openai-6'],
};

/** What an SDK puts before the paths of another API. */
const sdkPrefixes: Readonly<Record<string, string>> = { azure: '/openai' };

/** Those that open WebSockets. */
const sdksWithSockets: typeof sdks = { openai: ['openai', 'openai-6'], azure: ['openai', 'openai-6'] };

/** The query of a path, without its value. */
function nameIn(path: string): string {
  return /\?\w+/.exec(path)?.[0] ?? '';
}

describe.each(apis)('everything that the API at $mount can be asked for is judged', (provider) => {
  const surface = readSurface(provider);
  const judged = new Set(surface.map((row) => `${row.method} ${withoutNames(pathOf(provider, row))}`));

  it.each(sdks[groundOf(provider)] ?? [])('by the calls of %s', (sdk) => {
    const { calls, unread } = callsOfSdk(sdk);
    expect(unread).toBe(0);
    expect(calls.size).toBeGreaterThan(provider.name === 'groq' ? 15 : 75);
    const prefix = sdkPrefixes[provider.name] ?? '';
    const asked = [...calls].map((call) => call.replace('/', `${prefix}/`));
    expect(asked.filter((call) => !judged.has(call))).toEqual([]);
  });

  it.each(sdksWithSockets[groundOf(provider)] ?? [])('by the WebSockets of %s', (sdk) => {
    const { sockets, unread } = socketsOfSdk(sdk);
    expect(unread).toBe(0);
    expect(sockets.size).toBeGreaterThan(3);
    const rows = surface.filter(({ method }) => method === 'WS').map((row) => pathOf(provider, row));
    const known = rows.flatMap((path) => [withoutNames(path), withoutNames(path) + nameIn(path)]);
    const prefix = sdkPrefixes[provider.name] ?? '';
    const asked = [...sockets].map((socket) => socket.replace('WS /', `${prefix}/`));
    // Only Azure is asked for a deployment.
    if (provider.name !== 'azure') known.push('/realtime?deployment');
    expect(asked.filter((socket) => !known.includes(socket))).toEqual([]);
  });

  it('with a reason for each that is never lent, and a scope for each that is', () => {
    expect(surface.filter(({ verdict, why }) => verdict === 'never' && why === '')).toEqual([]);
    expect(
      surface.filter(({ verdict, scope }) => verdict !== 'never' && scope === '' && verdict !== 'plain'),
    ).toEqual([]);
    const verdicts = surface.map(({ verdict }) => verdict);
    expect(verdicts).toEqual(expect.arrayContaining(['lent', 'never', 'plain']));
    expect(['lent', 'later', 'never', 'plain']).toEqual(expect.arrayContaining(verdicts));
  });

  it('and the catalog has what is lent, with its scope, and nothing else', () => {
    const wrong = surface
      .filter(({ method, path }) => method === 'WS' || !path.includes('?'))
      .filter((row) => row.verdict !== 'plain')
      .filter((row) => {
        const target = pathOf(provider, row).replaceAll(/\{\w+\}/g, 'some-id');
        const scope = row.method === 'WS' ? scopeOfSocket(provider, target) : scopeOf(provider, row, target);
        return scope !== (row.verdict === 'lent' ? row.scope : undefined);
      });
    expect(wrong).toEqual([]);
    const lent = surface.filter(({ verdict }) => verdict === 'lent');
    const { routes, sockets = [] } = provider;
    const rows = [
      ...routes.map(({ method, path }) => `${method} ${path}`),
      ...sockets.map(({ path, query }) => `WS ${path}${query ? `?${query.name}=${query.value}` : ''}`),
    ];
    expect(rows.toSorted()).toEqual(lent.map((row) => `${row.method} ${pathOf(provider, row)}`).toSorted());
  });
});

function scopeOf(provider: Provider, { method }: SurfaceRow, path: string): string | undefined {
  return match(provider, method, path)?.route.scope;
}

function scopeOfSocket(provider: Provider, target: string): string | undefined {
  const [path = '', query] = target.split('?');
  const found = matchSocket(provider, path, new URLSearchParams(query));
  return found === 'unclear' ? undefined : found?.route.scope;
}

describe.each(['@google/genai', 'genai-2'])('everything that %s can ask for is judged', (sdk) => {
  const paths = readSurface({ mount: '/gemini' }).map(({ path }) => path);
  const { verbs, collections } = namesOfGoogleSdk(sdk);
  // Those of another service, whose paths it rewrites.
  const elsewhere = ['batchPredictionJobs', 'upload'];

  it('of a model', () => {
    expect(verbs).toContain('generateContent');
    expect(verbs.filter((verb) => !paths.includes(`/v1beta/models/{model}:${verb}`))).toEqual([]);
  });

  it('of what is stored', () => {
    expect(collections).toContain('files');
    const unjudged = collections.filter((name) => !paths.includes(`/v1beta/${name}`));
    expect(unjudged.filter((name) => !elsewhere.includes(name))).toEqual([]);
  });
});
