import { once } from 'node:events';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { ResponsesWS } from 'openai/resources/responses/ws';
import OpenAI6 from 'openai-6';
import { OpenAIRealtimeWS as OpenAIRealtimeWS6 } from 'openai-6/realtime/ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { startTlsFront, type TlsFront } from '../support/tls.ts';
import { recordedCalls } from './support/sockets.ts';

let broker: Broker;
let front: TlsFront;
beforeEach(async () => {
  broker = await startBroker();
  front = await startTlsFront(broker.url);
});
afterEach(async () => {
  await front.close();
  await broker.close();
});

const model = 'gpt-realtime-2';

/** Both majors that apps use, alike. */
const majors = [
  [
    'openai 7',
    (baseURL: string, apiKey: string) =>
      new OpenAIRealtimeWS({ model, options: { ca: front.certificate } }, new OpenAI({ baseURL, apiKey })),
  ],
  [
    'openai 6',
    (baseURL: string, apiKey: string) =>
      new OpenAIRealtimeWS6(
        { model, options: { ca: front.certificate } },
        new OpenAI6({ baseURL, apiKey }),
      ) as unknown as OpenAIRealtimeWS,
  ],
] as const;

describe.each(majors)('%s', (_major, open) => {
  it('talks live, written and spoken, and is answered without asking when it has spoken', async () => {
    const { tokens } = await connect(broker);
    const realtime = open(`${front.url}/openai/v1`, tokens.access_token);
    const errors: Error[] = [];
    realtime.on('error', (error) => errors.push(error));
    const seen = <Type extends Parameters<typeof realtime.once>[0]>(type: Type) => realtime.emitted(type);

    const created = await seen('session.created');
    expect(created.session).toMatchObject({ type: 'realtime', model });
    const updated = seen('session.updated');
    realtime.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } });
    await updated;
    const written = seen('response.done');
    realtime.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Good morning' }] },
    });
    realtime.send({ type: 'response.create' });
    const { response } = await written;
    expect(response.output?.[0]).toMatchObject({ content: [{ text: 'Sandbox answer to: Good morning' }] });
    expect(response.usage?.output_token_details).toMatchObject({ audio_tokens: 0 });

    const spoken = seen('response.done');
    const heard = seen('response.output_audio.delta');
    realtime.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['audio'] } });
    realtime.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(4_800, 1).toString('base64') });
    realtime.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(4_800).toString('base64') });
    expect(Buffer.from((await heard).delta, 'base64').every((byte) => byte === 0)).toBe(true);
    expect((await spoken).response.usage?.output_token_details?.audio_tokens).toBeGreaterThan(0);

    const refused = seen('error');
    realtime.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        tools: [{ type: 'mcp', server_label: 'a', server_url: 'https://a.example' }],
      },
    });
    expect((await refused).error).toMatchObject({
      code: 'field_not_allowed',
      param: 'session.tools[0].type',
    });
    expect(errors).toHaveLength(1);
    const closed = once(realtime.socket, 'close');
    realtime.close();
    await closed;
    const calls = await recordedCalls({ broker }, 3);
    expect(calls.map(({ outcome }) => outcome).toSorted()).toEqual(['answered', 'answered', 'not_sent']);
  });
});

describe('the Responses client of the SDK', () => {
  it('gets the events of a response, and the reason of a refusal', async () => {
    const { tokens } = await connect(broker, { scopes: ['openai:text'] });
    const client = new OpenAI({ baseURL: `${broker.url}/openai/v1`, apiKey: tokens.access_token });
    const responses = new ResponsesWS(client);
    const failed = responses.emitted('error');
    const completed = responses.emitted('response.completed');
    responses.send({ type: 'response.create', model: 'gpt-5-mini', input: 'Good morning' });
    const { response } = await completed;
    expect(response.output[0]).toMatchObject({ content: [{ text: 'Sandbox answer to: Good morning' }] });
    expect(response.usage?.output_tokens).toBeGreaterThan(0);
    responses.send({ type: 'response.create', model: 'gpt-5-mini', previous_response_id: response.id });
    expect((await failed).error).toMatchObject({ error: { code: 'field_not_allowed' } });
    responses.close();
  });
});
