import { afterAll, beforeAll, expect, it } from 'vitest';
import { dialects } from './support/dialects.ts';
import { type Answer, events, json } from './support/upstream.ts';
import { call, chat, errorOf, type ProxyWorld, startWorld } from './support/world.ts';

const openai = dialects.find(({ provider }) => provider === 'openai') ?? expect.fail();
const text = `Something about ${openai.account.join(' and ')} happened`;

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

const withHeaders = (answer: Answer): Answer => {
  return (response, request) => {
    for (const [name, value] of Object.entries(openai.headers)) response.setHeader(name, value);
    answer(response, request);
  };
};

async function expectNothingTold(response: Response): Promise<string> {
  const body = Buffer.from(await response.arrayBuffer()).toString();
  const all = body + JSON.stringify([...response.headers]);
  for (const secret of [...openai.account, 'anary', '987654']) expect(all).not.toContain(secret);
  return body;
}

it('149 what the headers of a sound say about the account stays behind', async () => {
  world.upstream.answer = withHeaders((response) => {
    response.writeHead(200, {
      'content-type': 'audio/mpeg',
      'content-disposition': 'attachment; filename=canary',
    });
    response.end('sound');
  });
  const body = { model: 'tts-1', input: 'Hi', voice: 'alloy' };
  expect(await expectNothingTold(await call(world, '/audio/speech', { body }))).toBe('sound');
});

it.each(openai.brokenStreams)(
  '149 what %s in the middle of a response says stays behind',
  async (_, template) => {
    const event = template
      .replace('MESSAGE', JSON.stringify({ message: text, type: 'server_error', code: null }))
      .replace('TEXT', JSON.stringify(text));
    world.upstream.answer = withHeaders(events('data: {"type":"response.created"}\n\n', event));
    const body = { model: 'gpt-5', input: 'Hi', stream: true };
    const told = await expectNothingTold(await call(world, '/responses', { body }));
    expect(told).toContain('The provider broke off with an error');
  },
);

it('149 what an answer that reports failure says stays behind', async () => {
  world.upstream.answer = withHeaders(
    json(200, {
      id: 'resp_1',
      object: 'response',
      status: 'failed',
      error: { code: 'server_error', message: text },
    }),
  );
  const told = await expectNothingTold(
    await call(world, '/responses', { body: { model: 'gpt-5', input: 'Hi' } }),
  );
  expect(JSON.parse(told)).toMatchObject({
    id: 'resp_1',
    status: 'failed',
    error: { code: 'server_error' },
  });
});

it('a mistake in a request keeps its code, and names the parameter', async () => {
  const error = {
    message: "Invalid 'temperature': 9 is above 2.",
    type: 'invalid_request_error',
    code: 'decimal_above_max_value',
    param: 'temperature',
  };
  world.upstream.answer = json(400, { error });
  const response = await call(world, '/chat/completions', { body: chat });
  expect(await errorOf(response)).toEqual({ ...error, source: 'provider' });
});

it('names organisation and project where the deposit does', async () => {
  world.upstream.answer = json(200, openai.answer);
  await world.broker.deps.store.credentials.updateCredential(
    world.credentialId,
    { organization: 'org-billing', project: 'proj_billing' },
    { kind: 'system' },
  );
  const fresh = await call(world, '/chat/completions', { body: chat });
  expect(fresh.status).toBe(200);
  // The opened key is kept for a few seconds, with where it bills to.
  world.broker.deps.vault.forget(world.grantId);
  await call(world, '/chat/completions', { body: chat });
  expect(world.upstream.requests.at(-1)?.headers).toMatchObject({
    'openai-organization': 'org-billing',
    'openai-project': 'proj_billing',
  });
});
