import { afterAll, beforeAll, expect, it } from 'vitest';
import { json } from './support/upstream.ts';
import { call, type ProxyWorld, startWorld } from './support/world.ts';

/** What a batch tells of the account on its own, and in the files that it writes. */

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld();
  world.upstream.answer = json(200, { id: 'file-own', object: 'file' });
  expect((await upload('batch', line)).status).toBe(200);
});
afterAll(() => world.close());

const line = JSON.stringify({
  custom_id: 'a',
  method: 'POST',
  url: '/v1/responses',
  body: { model: 'gpt-4o', input: 'Hello' },
});

function upload(purpose: string, content: string): Promise<Response> {
  const form = new FormData();
  form.set('purpose', purpose);
  form.set('file', new Blob([content]), 'calls.jsonl');
  return call(world, '/files', { body: form });
}

const batch = { id: 'batch_1', object: 'batch', status: 'in_progress' };

async function look(answer: object): Promise<Response> {
  world.upstream.answer = json(200, batch);
  const body = { input_file_id: 'file-own', endpoint: '/v1/responses', completion_window: '24h' };
  await call(world, '/batches', { body });
  world.upstream.answer = json(200, { ...batch, ...answer });
  return call(world, '/batches/batch_1');
}

const secret = 'Project `proj_AbCdEf123456` of organization org-AbCdEf123456 has no access.';

it('why a batch has failed names nobody', async () => {
  const errors = { object: 'list', data: [{ code: 'token_limit_exceeded', message: secret, line: 7 }] };
  const response = await look({ status: 'failed', errors });
  const text = await response.text();
  expect(text).not.toMatch(/org-|proj_/);
  expect(JSON.parse(text)).toMatchObject({
    status: 'failed',
    errors: { data: [{ code: 'token_limit_exceeded', line: 7 }] },
  });
});

const answers = [
  {
    id: 'batch_req_1',
    custom_id: 'a ü',
    response: { status_code: 200, body: { output: [{ text: 'of "error" 漢字' }] } },
    error: null,
  },
  {
    id: 'batch_req_2',
    custom_id: 'b',
    response: { status_code: 403, body: { error: { message: secret, code: 'model_not_found' } } },
    error: null,
  },
  { id: 'batch_req_3', custom_id: 'c', response: null, error: { code: 'expired', message: secret } },
];

it.each([1, 7, 100_000])('files of answers name nobody, in pieces of %i bytes', async (size) => {
  await look({ status: 'completed', output_file_id: 'file-out', error_file_id: 'file-err' });
  const content = Buffer.from(answers.map((answer) => JSON.stringify(answer)).join('\n'));
  world.upstream.answer = async (response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': content.length });
    for (let at = 0; at < content.length; at += size) {
      response.write(content.subarray(at, at + size));
      if (at % 70 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };
  for (const file of ['file-out', 'file-err']) {
    const text = await (await call(world, `/files/${file}/content`)).text();
    expect(text).not.toMatch(/org-|proj_/);
    const [good, refused, failed] = text
      .trimEnd()
      .split('\n')
      .map((one) => JSON.parse(one));
    expect(good).toEqual(answers[0]);
    expect(refused).toMatchObject({
      id: 'batch_req_2',
      custom_id: 'b',
      response: { status_code: 403, body: { error: { code: 'model_not_found' } } },
    });
    expect(failed).toMatchObject({ custom_id: 'c', response: null, error: { code: 'expired' } });
  }
});

/** What apps are told of calls that have failed in a batch. */
async function readFailure(status_code: number, body: unknown) {
  await look({ status: 'completed', error_file_id: 'file-err' });
  const response = { status_code, request_id: 'req_1', body };
  const written = JSON.stringify({ id: 'batch_req_1', custom_id: 'a', response, error: null });
  world.upstream.answer = (answer) => {
    answer.writeHead(200, { 'content-type': 'application/octet-stream' });
    answer.end(`${written}\n`);
  };
  const text = await (await call(world, '/files/file-err/content')).text();
  expect(text).not.toMatch(/org-|proj_/);
  const { custom_id, response: told } = JSON.parse(text);
  expect([custom_id, told.status_code]).toEqual(['a', status_code]);
  return told.body.error;
}

it.each([
  ['a text', secret],
  ['an object of another shape', { detail: secret }],
  ['nothing', null],
])('a call of a batch that has failed with %s names nobody', async (_, body) => {
  for (const status of [401, 429, 503]) expect((await readFailure(status, body)).message).not.toBe('');
});

it('a call of a batch that has failed by a mistake of the app says which', async () => {
  const error = { message: `The model gpt-9 does not exist for org-AbCdEf123456.`, code: 'model_not_found' };
  expect(await readFailure(404, { error })).toMatchObject({
    code: 'model_not_found',
    message: 'The model gpt-9 does not exist for [redacted].',
  });
});

it('a file of the app itself is read as it is', async () => {
  const own = `${secret}\n${JSON.stringify(answers[1])}`;
  world.upstream.answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    response.end(own);
  };
  expect(await (await call(world, '/files/file-own/content')).text()).toBe(own);
});

it('a file that breaks off is not handed on as if it had ended', async () => {
  await look({ status: 'completed', output_file_id: 'file-out' });
  world.upstream.answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': 1000 });
    response.write(`${JSON.stringify(answers[0])}\n`);
    setImmediate(() => response.destroy());
  };
  const reading = call(world, '/files/file-out/content').then((response) => response.text());
  await expect(reading).rejects.toThrow();
});
