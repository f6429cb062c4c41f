import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dial, rawRequest, sendRaw } from './support/raw.ts';
import { json } from './support/upstream.ts';
import { call, chat, errorOf, type ProxyWorld, startWorld } from './support/world.ts';

const limit = 64 * 1024;
const uploadLimit = 256 * 1024;
let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld({
    env: {
      COATCHECK_MAX_JSON_BODY: String(limit),
      COATCHECK_MAX_UPLOAD: String(uploadLimit),
      COATCHECK_MAX_BUFFERED: String(300 * 1024),
      COATCHECK_STREAM_IDLE_TIMEOUT: '1',
    },
    answer: json(200, { choices: [] }),
  });
});
afterAll(async () => {
  await world.close();
});

const path = '/openai/v1/chat/completions';
const head = (line: string, headers: readonly string[]) =>
  [
    `${line} HTTP/1.1`,
    `host: ${new URL(world.url).host}`,
    `authorization: Bearer ${world.token}`,
    'content-type: application/json',
    ...headers,
    '',
    '',
  ].join('\r\n');
const sentBody = () => JSON.parse(world.upstream.requests.at(-1)?.body ?? '') as Record<string, unknown>;
const large = { ...chat, messages: [{ role: 'user', content: 'x'.repeat(limit) }] };

describe('a JSON body', () => {
  it('153 is refused when it says that it is too large, before it is read', async () => {
    const answer = await sendRaw(world.url, head(`POST ${path}`, [`content-length: ${limit + 1}`]));
    expect(answer.status).toBe(413);
    expect(answer.head.toLowerCase()).toContain('x-should-retry: false');
    const { error } = JSON.parse(answer.body);
    expect(error).toMatchObject({ code: 'body_too_large', source: 'coatcheck' });
    expect(error.message).toContain(String(limit));
    expect(error.message).toContain('COATCHECK_MAX_JSON_BODY');
  });

  it('153 is refused when it becomes too large in chunks, and is not read for ever', async () => {
    const before = world.upstream.requests.length;
    const socket = dial(world.url);
    const answer: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => answer.push(chunk));
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write(head(`POST ${path}`, ['transfer-encoding: chunked']));
    const chunk = 'x'.repeat(8192);
    const sending = setInterval(() => socket.write(`2000\r\n${chunk}\r\n`), 1);
    await closed;
    clearInterval(sending);
    expect(Buffer.concat(answer).toString()).toMatch(/^HTTP\/1.1 413 /);
    expect(world.upstream.requests.length).toBe(before);
  });

  it('153 is answered so that an SDK still sees why', async () => {
    const response = await call(world, '/chat/completions', { body: large });
    expect(response.status).toBe(413);
    expect((await errorOf(response)).code).toBe('body_too_large');
  });

  it('is refused while too many others are held, and taken again afterwards', async () => {
    const half = { ...chat, messages: [{ role: 'user', content: 'x'.repeat(60 * 1024) }] };
    world.upstream.answer = () => {};
    const held: Promise<unknown>[] = [];
    const stop = new AbortController();
    for (let index = 0; index < 4; index += 1) {
      const asked = world.upstream.next();
      held.push(call(world, '/chat/completions', { body: half, signal: stop.signal }).catch(() => {}));
      await asked;
    }
    const response = await call(world, '/chat/completions', { body: half });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: 'broker_unavailable' });
    expect(error.message).toContain('COATCHECK_MAX_BUFFERED');
    stop.abort();
    await Promise.all(held);
    world.upstream.answer = json(200, { choices: [] });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await call(world, '/chat/completions', { body: half })).status).toBe(200);
  });

  it('is given up when it stalls', async () => {
    const socket = dial(world.url);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write(`${head(`POST ${path}`, ['content-length: 100', 'connection: close'])}{"model":`);
    await closed;
    const text = Buffer.concat(chunks).toString();
    expect(text).toMatch(/^HTTP\/1.1 408 /);
    expect(text).toContain('COATCHECK_STREAM_IDLE_TIMEOUT');
  });

  it.each<[string, string, Record<string, string>]>([
    ['not JSON', '{"model":', {}],
    ['empty', '', {}],
    ['a list', '[]', {}],
    ['a string', '"x"', {}],
    ['null', 'null', {}],
    ['with a byte order mark', '\ufeff{"model":"m"}', {}],
    ['of another type', '{"model":"m"}', { 'content-type': 'text/plain' }],
    ['a form', 'model=m', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['without a type', '{"model":"m"}', { 'content-type': '' }],
    ['nested too deep', `{"model":"m","metadata":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, {}],
    [
      'nested too deep in an allowed field',
      `{"model":"m","stop":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
      {},
    ],
    ['with a content encoding', '{"model":"m"}', { 'content-encoding': 'gzip' }],
  ])('is refused with 4xx when it is %s, and its text is not told back', async (_, body, headers) => {
    const before = world.upstream.requests.length;
    const length = Buffer.byteLength(body);
    const lines = Object.entries({ 'content-type': 'application/json', ...headers }).map((entry) =>
      entry.join(': '),
    );
    const answer = await rawRequest(
      world.url,
      `POST ${path}`,
      [`authorization: Bearer ${world.token}`, `content-length: ${length}`, ...lines],
      Buffer.from(body).toString('latin1'),
    );
    if (answer.status !== 200) {
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body).error).toMatchObject({ code: 'invalid_request', source: 'coatcheck' });
      expect(world.upstream.requests.length).toBe(before);
    } else {
      // Metadata is left out altogether, however deep it is.
      expect(sentBody()).not.toHaveProperty('metadata');
    }
  });

  it('is not unpacked', async () => {
    const packed = gzipSync(JSON.stringify(chat)).toString('latin1');
    const answer = await rawRequest(
      world.url,
      `POST ${path}`,
      [
        `authorization: Bearer ${world.token}`,
        'content-type: application/json',
        'content-encoding: gzip',
        `content-length: ${packed.length}`,
      ],
      packed,
    );
    expect(answer.status).toBe(400);
  });

  it('with a field twice goes on as it was understood here', async () => {
    const body = '{"model":"o1-pro","model":"gpt-4o-mini","messages":[],"store":true}';
    expect((await call(world, '/chat/completions', { body })).status).toBe(200);
    expect(world.upstream.requests.at(-1)?.body.match(/"model"/g)).toHaveLength(1);
    expect(sentBody()).toMatchObject({ model: 'gpt-4o-mini', store: false });
  });

  it('of any content never crashes the broker, and never goes on unchecked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 5 }), async (body) => {
        const before = world.upstream.requests.length;
        const response = await call(world, '/responses', { body });
        expect([200, 400, 403]).toContain(response.status);
        await response.text();
        if (response.status === 200) expect(sentBody().store).toBe(false);
        else expect(world.upstream.requests.length).toBe(before);
      }),
      { numRuns: 100 },
    );
  });

  it('refused in parts names the path of what is wrong', async () => {
    const body = { model: 'gpt-5', input: 'Hi', tools: [{ type: 'mind_reading' }] };
    const response = await call(world, '/responses', { body });
    expect(response.status).toBe(403);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await errorOf(response)).toMatchObject({ code: 'field_not_allowed', param: 'tools[0].type' });
  });
});

describe('the wire', () => {
  it.each([
    ['153 a length twice', ['content-length: 2', 'content-length: 3']],
    ['153 a length and chunks', ['content-length: 2', 'transfer-encoding: chunked']],
    ['153 a header name with a space', ['content-length: 2', 'transfer-encoding : chunked']],
    ['153 a bare line feed in a header', ['content-length: 2', 'x-a: b\nx-c: d\re: f']],
  ])('%s', async (_, headers) => {
    const before = world.upstream.requests.length;
    const answer = await sendRaw(world.url, `${head(`POST ${path}`, [...headers, 'connection: close'])}{}`);
    expect(answer.status).toBe(400);
    expect(world.upstream.requests.length).toBe(before);
  });

  it('153 hop-by-hop headers stay on their hop', async () => {
    const body = JSON.stringify(chat);
    await rawRequest(
      world.url,
      `POST ${path}`,
      [
        `authorization: Bearer ${world.token}`,
        'content-type: application/json',
        `content-length: ${body.length}`,
        'connection: x-hop, close',
        'x-hop: canary',
        'keep-alive: timeout=canary',
        'te: canary',
        'trailer: canary',
        'expect: 100-continue',
      ],
      body,
    );
    expect(world.upstream.requests.at(-1)?.rawHeaders.join('\n')).not.toContain('canary');
  });

  it('153 line breaks in what is named back make no header and no event', async () => {
    const response = await call(world, '/chat/completions', {
      body: { ...chat, 'x\r\nset-cookie: a=b\r\n\r\ndata: {}': 1 },
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('set-cookie')).toBeNull();
    const key = await call(world, '/chat/completions', {
      body: chat,
      headers: { 'idempotency-key': 'a b\tc' },
    });
    expect(key.status).toBe(200);
    expect(world.upstream.requests.at(-1)?.headers).not.toHaveProperty('idempotency-key');
  });
});

describe('a multipart body', () => {
  const form = (...fields: readonly (readonly [string, string | Blob, string?])[]) => {
    const data = new FormData();
    for (const [name, value, filename] of fields) {
      if (typeof value === 'string') data.append(name, value);
      else data.append(name, value, filename);
    }
    return data;
  };
  const sound = new Blob(['sound'], { type: 'audio/wav' });
  const transcribe = (body: FormData) => call(world, '/audio/transcriptions', { body });

  it('is written anew, with its files', async () => {
    world.upstream.answer = json(200, { text: 'hello' });
    const response = await transcribe(
      form(
        ['model', 'whisper-1'],
        ['timestamp_granularities[]', 'word'],
        ['timestamp_granularities[]', 'segment'],
        ['file', sound, 'a"\r\nx: y.wav'],
      ),
    );
    expect(response.status).toBe(200);
    const sent = world.upstream.requests.at(-1) ?? expect.fail();
    expect(sent.headers['content-type']).toMatch(/^multipart\/form-data; boundary=coatcheck-[0-9a-f]{36}$/);
    expect(sent.body).toContain('name="model"\r\n\r\nwhisper-1\r\n');
    expect(sent.body.match(/name="timestamp_granularities\[\]"/g)).toHaveLength(2);
    expect(sent.body).toContain('content-type: audio/wav\r\n\r\nsound\r\n');
    expect(sent.body).not.toContain('\r\nx: y');
  });

  it.each<[string, FormData, number, string, string | null]>([
    [
      'two models',
      form(['model', 'whisper-1'], ['model', 'gpt-4o'], ['file', sound, 'a']),
      400,
      'invalid_request',
      'model',
    ],
    [
      'a model as a list',
      form(['model[]', 'gpt-4o'], ['file', sound, 'a']),
      403,
      'field_not_allowed',
      'model[]',
    ],
    ['a model as a file', form(['model', sound, 'a'], ['file', sound, 'a']), 400, 'invalid_request', 'model'],
    [
      'an unknown field',
      form(['model', 'whisper-1'], ['base_url', 'x']),
      403,
      'field_not_allowed',
      'base_url',
    ],
    ['a fine-tuned model', form(['model', 'ft:whisper:acme::x']), 403, 'model_not_allowed', 'model'],
    ['two files', form(['file', sound, 'a'], ['file', sound, 'b']), 400, 'invalid_request', 'file'],
  ])('is refused with %s', async (_, body, status, code, param) => {
    const before = world.upstream.requests.length;
    const response = await transcribe(body);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code, param });
    expect(world.upstream.requests.length).toBe(before);
  });

  it('replaces who asks', async () => {
    world.upstream.answer = json(200, { data: [] });
    const body = form(['model', 'dall-e-2'], ['user', 'me'], ['image', sound, 'a.png']);
    expect((await call(world, '/images/variations', { body })).status).toBe(200);
    expect(world.upstream.requests.at(-1)?.body).not.toMatch(/name="user"\r\n\r\nme/);
  });

  it('is refused when it is too large, by its own limit', async () => {
    const response = await transcribe(form(['file', new Blob(['x'.repeat(uploadLimit)]), 'a']));
    expect(response.status).toBe(413);
    expect((await errorOf(response)).message).toContain('COATCHECK_MAX_UPLOAD');
  });

  it.each([
    ['without a boundary', 'multipart/form-data', 'x'],
    [
      'cut off in a field',
      'multipart/form-data; boundary=b',
      '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nx',
    ],
    [
      'cut off in a file',
      'multipart/form-data; boundary=b',
      '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx',
    ],
    ['cut off in a header', 'multipart/form-data; boundary=b', '--b\r\ncontent-disp'],
    ['of no parts', 'multipart/form-data; boundary=b', ''],
    ['something else', 'multipart/form-data; boundary=b', 'hello'],
    [
      'of more parts than any call has',
      'multipart/form-data; boundary=b',
      `${'--b\r\ncontent-disposition: form-data; name="include[]"\r\n\r\nx\r\n'.repeat(100)}--b--\r\n`,
    ],
  ])('is refused, and crashes nothing, when it is %s', async (_, type, body) => {
    const answer = await rawRequest(
      world.url,
      'POST /openai/v1/audio/transcriptions',
      [`authorization: Bearer ${world.token}`, `content-type: ${type}`, `content-length: ${body.length}`],
      body,
    );
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body).error.code).toBe('invalid_request');
  });

  it('of any bytes crashes nothing', async () => {
    const piece = fc.constantFrom(
      '--b',
      '\r\n',
      '--',
      'content-disposition: form-data; name="model"',
      '"',
      'x',
      ';',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const body = pieces.join('');
        const answer = await rawRequest(
          world.url,
          'POST /openai/v1/audio/transcriptions',
          [
            `authorization: Bearer ${world.token}`,
            'content-type: multipart/form-data; boundary=b',
            `content-length: ${body.length}`,
          ],
          body,
        );
        expect([200, 400, 403]).toContain(answer.status);
      }),
      { numRuns: 60 },
    );
  });
});
