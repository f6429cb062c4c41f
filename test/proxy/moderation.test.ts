import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect } from '../support/broker.ts';
import { accessTo, limitGrant } from '../support/limits.ts';
import { harm, moderating, sent } from './support/moderated.ts';
import { type Answer, json, type UpstreamRequest } from './support/upstream.ts';
import { call, chat, errorOf, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

type Setting = 'off' | 'flag' | 'block';

const open = (setting: Setting) => startWorld({ env: { COATCHECK_MODERATION: setting } });

/** For the tests that change nothing of theirs. */
const shared = new Map<Setting, ProxyWorld>();
let own: ProxyWorld | undefined;
let world: ProxyWorld;
let before = 0;
beforeAll(async () => {
  for (const setting of ['flag', 'block'] as const) shared.set(setting, await open(setting));
});
afterEach(async () => {
  await own?.close();
  own = undefined;
});
afterAll(async () => {
  for (const one of shared.values()) await one.close();
});

/** Goes on in a broker with this setting. */
async function start(setting: Setting, answer: Answer = moderating()): Promise<void> {
  const known = shared.get(setting);
  own = known ? undefined : await open(setting);
  use(known ?? own, answer);
}

/** Goes on in a broker of the test's own. */
async function startOwn(setting: Setting, answer: Answer): Promise<void> {
  own = await open(setting);
  use(own, answer);
}

function use(chosen: ProxyWorld | undefined, answer: Answer): void {
  if (!chosen) throw new Error('there is no broker');
  world = chosen;
  world.upstream.answer = answer;
  before = world.upstream.requests.length;
}

/** What has come to the provider since the test began. */
const received = () => world.upstream.requests.slice(before);

const saying = (content: unknown) => ({ ...chat, messages: [{ role: 'user', content }] });
const ask = (content: unknown = 'Good morning') =>
  call(world, '/chat/completions', { body: saying(content) });
const clientId = async () => {
  const { deps } = world.broker;
  return (await deps.store.grants.findGrant(world.grantId))?.clientId ?? '';
};
const isModeration = ({ target }: UpstreamRequest) => target.endsWith('/moderations');

describe('a moderated call', () => {
  it('is not judged where nobody wants it', async () => {
    await start('off');
    expect((await ask(harm)).status).toBe(200);
    expect(sent(received()).judged).toEqual([]);
    expect(await settledCall(world)).toMatchObject({ status: 200, flags: null });
  });

  it('is judged before it is sent, with the key that it is sent with', async () => {
    await start('block');
    expect((await ask('Good morning')).status).toBe(200);
    const [first, second] = received();
    expect([first?.target, second?.target]).toEqual(['/v1/moderations', '/v1/chat/completions']);
    expect(first?.headers.authorization).toBe(second?.headers.authorization);
    expect(sent(received()).judged).toEqual(['Good morning']);
    expect(await settledCall(world)).toMatchObject({ status: 200, outcome: 'answered', flags: null });
  });

  it('goes on flagged, with the categories on record and none of the text', async () => {
    await start('flag');
    expect((await ask(harm)).status).toBe(200);
    expect(sent(received()).calls).toHaveLength(1);
    const recorded = await settledCall(world);
    expect(recorded).toMatchObject({ status: 200, outcome: 'answered', flags: 'violence' });
    expect(JSON.stringify(recorded) + world.broker.logs.join('')).not.toContain(harm);
  });

  it('is refused where flagged calls are blocked, settled at nothing, and on record', async () => {
    await start('block');
    const { broker, token } = world;
    await limitGrant(broker, token, accessTo('openai', { rate: { requests_per_minute: 1000 } }));
    const response = await ask(harm);
    expect(response.status).toBe(400);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.headers.get('coatcheck-rate')).toBe('requests;period=minute;limit=1000;left=999');
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: 'content_flagged', source: 'coatcheck' });
    expect(error.message).toContain('violence');
    expect(error.message).not.toContain(harm);
    expect(sent(received()).calls).toEqual([]);
    expect(await settledCall(world)).toMatchObject({
      status: null,
      outcome: 'not_sent',
      costNanoUsd: 0,
      countedNanoUsd: 0,
      flags: 'violence',
    });
    expect(world.broker.logs.join('')).not.toContain(harm);
  });

  it.each([
    ['its owner', { moderation: 'block' }],
    ['an operator', { requiredModeration: 'block' }],
  ] as const)('is refused from the next call on where %s wants that for the app', async (_, change) => {
    await start('off');
    expect((await ask(harm)).status).toBe(200);
    const { clients } = world.broker.deps.store;
    await clients.updateClient(await clientId(), change, { kind: 'system' });
    expect(await errorOf(await ask(harm))).toMatchObject({ code: 'content_flagged' });
  });

  it('is not judged where no model answers it', async () => {
    await start('block');
    const bodies = {
      '/embeddings': { model: 'text-embedding-3-small', input: harm },
      '/moderations': { input: harm },
      '/responses/input_tokens': { model: 'gpt-5', input: harm },
    };
    for (const [path, body] of Object.entries(bodies)) {
      expect((await call(world, path, { body })).status).toBe(200);
      expect(await settledCall(world)).toMatchObject({ flags: null });
    }
    expect(received().map(({ target }) => target)).toEqual(Object.keys(bodies).map((path) => `/v1${path}`));
  });

  const places: readonly (readonly [place: string, path: string, body: unknown])[] = [
    ['a part of a message', '/chat/completions', saying([{ type: 'text', text: harm }])],
    ['a stream', '/chat/completions', { ...saying(harm), stream: true }],
    [
      'what a tool has answered',
      '/chat/completions',
      { ...chat, messages: [...chat.messages, { role: 'tool', tool_call_id: 'a', content: harm }] },
    ],
    [
      'the description of a tool',
      '/chat/completions',
      { ...chat, tools: [{ type: 'function', function: { name: 'f', description: harm } }] },
    ],
    [
      'a name in a schema',
      '/chat/completions',
      {
        ...chat,
        tools: [{ type: 'function', function: { name: 'f', parameters: { properties: { [harm]: {} } } } }],
      },
    ],
    ['a prompt', '/completions', { model: 'gpt-3.5-turbo-instruct', prompt: ['x', harm] }],
    ['instructions', '/responses', { model: 'gpt-5', input: 'x', instructions: harm }],
    ['an item of input', '/responses', { model: 'gpt-5', input: [{ role: 'user', content: harm }] }],
    ['what is kept for later', '/conversations', { items: [{ role: 'user', content: harm }] }],
    ['what is drawn', '/images/generations', { model: 'gpt-image-2', prompt: harm }],
    ['what is spoken', '/audio/speech', { model: 'gpt-4o-mini-tts', input: harm, voice: 'alloy' }],
    ['an address of a picture', '/chat/completions', saying([picture('https://example.com/violence.png')])],
    ['a picture', '/responses', { model: 'gpt-5', input: [seen('data:image/png;base64,violence')] }],
  ];
  it.each(places)('is judged by %s', async (_, path, body) => {
    await start('block');
    const response = await call(world, path, { body });
    expect(await errorOf(response)).toMatchObject({ code: 'content_flagged' });
    expect(sent(received()).calls).toEqual([]);
  });

  it('is judged by a picture that is uploaded with it, and by each of several', async () => {
    await start('block');
    const form = new FormData();
    form.set('model', 'gpt-image-2');
    form.set('prompt', 'A house');
    for (const bytes of ['one', 'two']) {
      form.append('image[]', new Blob([bytes], { type: 'image/png' }), 'a.png');
    }
    expect((await call(world, '/images/edits', { method: 'POST', body: form })).status).toBe(200);
    const url = (bytes: string) => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
    expect(sent(received()).judged).toEqual([
      expect.stringContaining('A house'),
      picture(url('one')),
      picture(url('two')),
    ]);
  });

  it('is judged to its end, however long it is', async () => {
    await start('block');
    expect((await ask(`${'word '.repeat(20_000)}fine`)).status).toBe(200);
    expect(await errorOf(await ask(`${'word '.repeat(20_000)}${harm}`))).toMatchObject({
      code: 'content_flagged',
    });
    const { judged } = sent(received());
    expect(Math.max(...judged.map((text) => String(text).length))).toBeLessThanOrEqual(2_000);
  });
});

describe('content that cannot be judged', () => {
  const unseen: readonly (readonly [what: string, path: string, body: () => unknown])[] = [
    [
      'sound',
      '/chat/completions',
      () => saying([{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }]),
    ],
    [
      'a file',
      '/chat/completions',
      () => saying([{ type: 'file', file: { filename: 'a.pdf', file_data: 'data:x' } }]),
    ],
    ['tokens', '/completions', () => ({ model: 'gpt-3.5-turbo-instruct', prompt: [1, 2, 3] })],
    ['a text without end', '/chat/completions', () => saying('a word '.repeat(100_000))],
    [
      'more pictures than can be looked at',
      '/chat/completions',
      () => saying(Array.from({ length: 20 }, (_, index) => picture(`data:image/png;base64,${index}`))),
    ],
    [
      'a picture that another can take the place of',
      '/chat/completions',
      () => saying([picture('https://example.com/1')]),
    ],
    [
      'what a server of its own tells',
      '/responses',
      () => ({
        model: 'gpt-5',
        input: 'Ask the server',
        tools: [
          { type: 'mcp', server_label: 'a', server_url: 'https://a.example', require_approval: 'never' },
        ],
      }),
    ],
    ['an upload', '/files', () => uploaded('user_data', 'a.txt', 'text/plain')],
    ['what is heard', '/audio/transcriptions', () => uploaded('gpt-4o-transcribe', 'a.wav', 'audio/wav')],
  ];

  it.each(unseen)('is refused where flagged calls are blocked: %s', async (_, path, body) => {
    await start('block');
    const response = await call(world, path, { method: 'POST', body: body() });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: 'content_unchecked', source: 'coatcheck' });
    expect(sent(received()).calls).toEqual([]);
    expect(await settledCall(world)).toMatchObject({ outcome: 'not_sent', flags: 'unchecked' });
  });

  it('goes on where it is only flagged, and the record says that it was not judged', async () => {
    await start('flag');
    const sound = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };
    expect((await ask([sound])).status).toBe(200);
    expect(await settledCall(world)).toMatchObject({ status: 200, flags: 'unchecked' });
    expect((await ask([{ type: 'text', text: harm }, sound])).status).toBe(200);
    expect(await settledCall(world)).toMatchObject({ status: 200, flags: 'violence' });
  });

  it('is not the shape of a tool of the app that happens to have a file', async () => {
    await start('block');
    const properties = { file_id: { type: 'string' }, image_url: { type: 'string' }, input_audio: {} };
    const tools = [{ type: 'function', function: { name: 'f', parameters: { properties } } }];
    expect((await call(world, '/chat/completions', { body: { ...chat, tools } })).status).toBe(200);
  });

  it('goes to a provider without such a moderation only where it is not blocked', async () => {
    await start('flag');
    const anthropic = async (setting: 'flag' | 'block') => {
      const { tokens, client } = await connect(world.broker, { provider: 'anthropic' });
      const { clients } = world.broker.deps.store;
      await clients.updateClient(client.id, { moderation: setting }, { kind: 'system' });
      const there = { url: `${world.broker.url}/anthropic`, token: tokens.access_token };
      const body = { model: 'claude-opus-5', max_tokens: 5, messages: chat.messages };
      return call(there, '/v1/messages', { body });
    };
    expect((await anthropic('flag')).status).toBe(200);
    expect(await settledCall(world)).toMatchObject({ provider: 'anthropic', flags: 'unchecked' });
    const refused = await anthropic('block');
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ type: 'error', error: { source: 'coatcheck' } });
    expect(await settledCall(world)).toMatchObject({ outcome: 'not_sent', flags: 'unchecked' });
  });
});

describe('a moderation that fails', () => {
  const account = 'org-Canary00Organization';
  const says = (status: number, code: string | null = null): Answer =>
    json(status, { error: { message: `Refused for ${account}`, type: 'x', code } }, { 'x-canary': account });
  const failures: readonly (readonly [what: string, moderation: Answer, status: number, code: string])[] = [
    ['that is down', (response) => response.destroy(), 502, 'provider_error'],
    ['with an error of its own', says(500), 502, 'provider_error'],
    ['with too much to do', says(429, 'rate_limit_exceeded'), 429, 'provider_rate_limited'],
    ['that the key may not use', says(403), 403, 'provider_key_invalid'],
    ['that cannot read it', says(400), 400, 'content_unchecked'],
    ['that leads elsewhere', json(302, {}, { location: 'http://127.0.0.1:9/' }), 502, 'provider_error'],
    [
      'with broken JSON',
      (response) => void response.writeHead(200).end('{"results": ['),
      502,
      'provider_error',
    ],
    ['without a verdict', json(200, { results: [] }), 502, 'provider_error'],
    ['with another answer', json(200, { results: [{ flagged: 'no' }] }), 502, 'provider_error'],
  ];

  it.each(failures)(
    'refuses the call where flagged ones are blocked: one %s',
    async (_, answer, status, code) => {
      await start('block', moderating(undefined, answer));
      const response = await ask();
      expect(response.status).toBe(status);
      const text = await response.clone().text();
      expect(await errorOf(response)).toMatchObject({ code, source: 'coatcheck' });
      expect(text + JSON.stringify([...response.headers])).not.toContain('Canary');
      expect(text).toContain('has to be judged harmless first');
      expect(sent(received()).calls).toEqual([]);
      expect(await settledCall(world)).toMatchObject({
        outcome: 'not_sent',
        countedNanoUsd: 0,
        flags: 'unchecked',
      });
    },
  );

  it.each(failures)('lets the call go on unchecked where it is only flagged: one %s', async (_, answer) => {
    await start('flag', moderating(undefined, answer));
    expect((await ask()).status).toBe(200);
    expect(await settledCall(world)).toMatchObject({ outcome: 'answered', flags: 'unchecked' });
    expect(world.broker.logs.join('')).toContain('the content of a call could not be judged');
  });

  it('is waited for no longer than ten seconds', async () => {
    const { timeout } = AbortSignal;
    const waiting = vi.spyOn(AbortSignal, 'timeout').mockImplementation((wait) => timeout(wait / 100));
    await start('block', moderating(undefined, silence));
    expect(await errorOf(await ask())).toMatchObject({ code: 'provider_timeout' });
    expect(waiting.mock.calls).toEqual([[10_000]]);
    waiting.mockRestore();
  });

  it('has the key looked at again where it says that the key is bad', async () => {
    const refusal = json(401, { error: { message: 'Incorrect API key', code: 'invalid_api_key' } });
    await startOwn('flag', (response, request) =>
      (request.target.endsWith('/models') ? refusal : moderating(undefined, refusal))(response, request),
    );
    expect((await ask()).status).toBe(200);
    const { credentials } = world.broker.deps.store;
    await vi.waitFor(async () =>
      expect(await credentials.findCredential(world.credentialId)).toMatchObject({ status: 'invalid' }),
    );
  });
});

describe('a call that is over while it is judged', () => {
  /** Begins a call that is judged for ever. @returns the request that is never answered */
  const begin = async (signal?: AbortSignal) => {
    await startOwn('flag', moderating(undefined, silence));
    const judging = world.upstream.next();
    const answer = call(world, '/chat/completions', { body: chat, ...(signal && { signal }) });
    answer.catch(() => {});
    return { answer, request: await judging };
  };

  it('is not sent when its grant is revoked', async () => {
    const { answer, request } = await begin();
    expect(isModeration(request)).toBe(true);
    const { deps } = world.broker;
    await deps.store.grants.revokeGrant(world.grantId, 'user', { kind: 'system' });
    expect(await errorOf(await answer)).toMatchObject({ code: 'grant_revoked' });
    await request.closed;
    expect(await settledCall(world)).toMatchObject({ outcome: 'not_sent', countedNanoUsd: 0 });
    expect(sent(received()).calls).toEqual([]);
  });

  it('is not sent when its app goes away', async () => {
    const app = new AbortController();
    const { request } = await begin(app.signal);
    app.abort();
    await request.closed;
    expect(await settledCall(world)).toMatchObject({ outcome: 'not_sent', countedNanoUsd: 0 });
    expect(sent(received()).calls).toEqual([]);
  });
});

function silence(): void {}

function picture(url: string) {
  return { type: 'image_url', image_url: { url } };
}

function seen(url: string) {
  return { role: 'user', content: [{ type: 'input_image', image_url: url }] };
}

function uploaded(word: string, filename: string, type: string): FormData {
  const form = new FormData();
  form.set(type.startsWith('audio') ? 'model' : 'purpose', word);
  form.set('file', new Blob(['bytes'], { type }), filename);
  return form;
}
