import type { OpenAI } from 'openai';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { openaiAt, refusalOf } from './support/limited_app.ts';

/** A container costs on as long as it is used. */

const twentyMinutes = 20 * 60_000;

let broker: Broker;
let openai: OpenAI;
let later = 0;
beforeAll(async () => {
  broker = await startBroker({ clock: () => Date.now() + later });
  openai = openaiAt(broker, (await connect(broker)).tokens.access_token);
});
afterAll(() => broker.close());
beforeEach(() => {
  later = 0;
});

const ask = (container: string) =>
  openai.responses.create({
    ...{ model: 'gpt-5', input: 'What is 6 × 7?' },
    tools: [{ type: 'code_interpreter', container }],
  });

const makers: readonly (readonly [string, () => Promise<string>])[] = [
  ['was made by itself', async () => (await openai.containers.create({ name: 'Sums' })).id],
  [
    'a call has had made',
    async () => {
      const tools = [{ type: 'code_interpreter' as const, container: { type: 'auto' as const } }];
      const { output } = await openai.responses.create({ model: 'gpt-5', input: 'Hi', tools });
      const run = output.find(({ type }) => type === 'code_interpreter_call');
      return run?.type === 'code_interpreter_call' ? run.container_id : expect.fail();
    },
  ],
];

it.each(makers)('one that %s is used for twenty minutes, however often that is', async (_, make) => {
  const id = await make();
  const uses: readonly (() => Promise<unknown>)[] = [
    async () => openai.containers.retrieve(id),
    async () => openai.containers.files.list(id),
    async () => ask(id),
  ];
  later = twentyMinutes - 60_000;
  for (const use of uses) await use();
  later = twentyMinutes + 1000;
  for (const use of uses) {
    expect(await refusalOf(use())).toMatchObject({ status: 404, code: 'not_delegable' });
  }
});

it.each(makers)('one that %s is given back and deleted for longer than that', async (_, make) => {
  const id = await make();
  later = twentyMinutes + 1000;
  const run = { type: 'code_interpreter_call', id: 'ci_1', container_id: id, status: 'completed' } as const;
  const input = [{ ...run, code: '6 * 7', outputs: null }];
  expect((await openai.responses.create({ model: 'gpt-5', input })).status).toBe('completed');
  await openai.containers.delete(id);
  later = 0;
  expect(await refusalOf(openai.containers.retrieve(id))).toMatchObject({ status: 404 });
});
