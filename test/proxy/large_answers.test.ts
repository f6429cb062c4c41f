import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from './support/upstream.ts';
import { json } from './support/upstream.ts';
import { call, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

const account = 'org-Canary00Organization';
const text = `Rate limit reached in organization ${account}`;

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld({ scopes: ['openai:embeddings', 'openai:images', 'openai:files'] });
  world.upstream.answer = json(200, { id: 'file-1', object: 'file' });
  const form = new FormData();
  form.set('purpose', 'user_data');
  form.set('file', new Blob(['{}']), 'a.json');
  await call(world, '/files', { body: form });
});
afterAll(async () => {
  await world.close();
});

/** Answers piece by piece. */
function inPieces(type: string, body: string, size: number): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': type });
    const bytes = Buffer.from(body);
    for (let start = 0; start < bytes.length; start += size)
      response.write(bytes.subarray(start, start + size));
    response.end();
  };
}

const embed = () => call(world, '/embeddings', { body: { model: 'text-embedding-3-small', input: 'x' } });
const usage = { prompt_tokens: 7, total_tokens: 7 };

describe('an answer that can be large', () => {
  it.each([1, 7, 100_000])(
    'tells nothing of the account where it is short, in pieces of %i',
    async (size) => {
      const answer = { object: 'list', data: [{ error: { code: 'server_error', message: text } }], usage };
      const body = JSON.stringify({ ...answer, organization: account });
      world.upstream.answer = inPieces('application/json', body, size);
      const response = await embed();
      expect(response.status).toBe(200);
      const shown = { ...answer, data: [{ error: { code: 'server_error', message: expect.any(String) } }] };
      const told = await response.json();
      expect(told).toEqual(shown);
      expect(JSON.stringify(told)).not.toContain('anary');
      expect((await settledCall(world)).usage).toMatchObject({ input_tokens: 7 });
    },
  );

  it.each([10, 200_000])('goes on as it came where it tells nothing: %i bytes of it', async (length) => {
    const embedding = 'A'.repeat(length);
    const body = JSON.stringify({ object: 'list', data: [{ embedding, model: account }], usage });
    world.upstream.answer = inPieces('application/json', body, 50_000);
    expect(await (await embed()).text()).toBe(body);
    expect((await settledCall(world)).usage).toMatchObject({ input_tokens: 7 });
  });
});

describe('a file', () => {
  const read = async () => (await call(world, '/files/file-1/content')).text();

  it.each([
    ['application/json', JSON.stringify({ error: text, organization: account })],
    ['application/octet-stream', `{"custom_id":"a","error":"${text}"}\n{"error":{}}\n`],
    ['application/octet-stream', ''],
  ])('of the app comes back as it was written: %s %s', async (type, body) => {
    world.upstream.answer = inPieces(type, body, 11);
    expect(await read()).toBe(body);
  });
});
