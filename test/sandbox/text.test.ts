import type OpenAI from 'openai';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { collect, majors, testKey } from './clients.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
  return () => sandbox.close();
});

const question = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'What is a coat check?' },
] as const;
const expectedAnswer = 'Sandbox answer to: What is a coat check?';

const cityTool = {
  type: 'function',
  function: {
    name: 'find_city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, count: { type: 'integer', minimum: 3 } },
      required: ['city', 'count'],
    },
  },
} satisfies OpenAI.ChatCompletionTool;

describe.each(majors)('%s gets text', (_major, create) => {
  const client = () => create({ baseURL: sandbox.url, apiKey: testKey, maxRetries: 0 });

  test('from a chat completion, with usage that adds up', async () => {
    const completion = await client().chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [...question],
    });
    expect(completion.choices[0]?.message.content).toBe(expectedAnswer);
    expect(completion.choices[0]?.finish_reason).toBe('stop');
    // "Be brief." is 3 tokens, "What is a coat check?" is 6, the answer is 10.
    expect(completion.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 10, total_tokens: 19 });
  });

  test('from a streamed chat completion, the same as without streaming', async () => {
    const stream = await client().chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [...question],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(expectedAnswer);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 10 } });
  });

  test('cut at the limit, and says so', async () => {
    const messages = [...question];
    const newer = await client().chat.completions.create({
      model: 'gpt-5',
      messages,
      max_completion_tokens: 2,
    });
    expect(newer.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'Sandbox ' } });
    expect(newer.usage?.completion_tokens).toBe(2);
    const older = await client().chat.completions.create({ model: 'gpt-4o', messages, max_tokens: 1 });
    expect(older.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'Sand' } });
  });

  test('several times, and until a stop sequence', async () => {
    const { choices } = await client().chat.completions.create({
      model: 'gpt-4o',
      messages: [...question],
      n: 3,
      stop: ['coat'],
    });
    expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, 'Sandbox answer to: What is a '],
      [1, 'Sandbox answer 2 to: What is a '],
      [2, 'Sandbox answer 3 to: What is a '],
    ]);
  });

  test('as the tool call it insists on, plain and streamed', async () => {
    const request = {
      model: 'gpt-4o',
      messages: [...question],
      tools: [cityTool],
      tool_choice: { type: 'function' as const, function: { name: 'find_city' } },
    };
    const { choices } = await client().chat.completions.create(request);
    const [call] = choices[0]?.message.tool_calls ?? [];
    expect(choices[0]?.finish_reason).toBe('tool_calls');
    expect(call).toMatchObject({ type: 'function', function: { name: 'find_city' } });
    const expected = call?.type === 'function' ? call.function.arguments : '';
    expect(JSON.parse(expected)).toEqual({ city: expectedAnswer, count: 3 });

    const chunks = await collect(await client().chat.completions.create({ ...request, stream: true }));
    const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect(deltas[0]).toMatchObject({ id: call?.id, function: { name: 'find_city', arguments: '' } });
    expect(deltas.map((delta) => delta.function?.arguments).join('')).toBe(expected);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
  });

  test('without a tool call when tools are only offered', async () => {
    const { choices } = await client().chat.completions.create({
      model: 'gpt-4o',
      messages: [...question],
      tools: [cityTool],
    });
    expect(choices[0]?.message.tool_calls).toBeUndefined();
  });

  test('as JSON, of any kind or of a schema', async () => {
    const any = await client().chat.completions.create({
      model: 'gpt-4o',
      messages: [...question],
      response_format: { type: 'json_object' },
    });
    expect(JSON.parse(any.choices[0]?.message.content ?? '')).toEqual({ answer: expectedAnswer });
    const shaped = await client().chat.completions.create({
      model: 'gpt-4o',
      messages: [...question],
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'steps',
          schema: {
            type: 'object',
            properties: { steps: { type: 'array', items: { $ref: '#/$defs/step' } } },
            $defs: { step: { type: 'object', properties: { kind: { enum: ['hang', 'take'] } } } },
          },
        },
      },
    });
    expect(JSON.parse(shaped.choices[0]?.message.content ?? '')).toEqual({ steps: [{ kind: 'hang' }] });
  });

  test('from the older completions, which stop at 16 tokens when not told', async () => {
    const request = { model: 'gpt-3.5-turbo-instruct', prompt: 'a'.repeat(100) };
    const completion = await client().completions.create(request);
    expect(completion.choices[0]?.finish_reason).toBe('length');
    expect(completion.usage).toMatchObject({ prompt_tokens: 25, completion_tokens: 16 });
    const chunks = await collect(await client().completions.create({ ...request, stream: true }));
    expect(chunks.map((chunk) => chunk.choices[0]?.text).join('')).toBe(completion.choices[0]?.text);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('length');
  });

  test('from the older completions for several prompts, some of them tokens', async () => {
    const { choices, usage } = await client().completions.create({
      model: 'davinci-002',
      prompt: [
        [1, 2, 3],
        [4, 5],
      ],
      n: 2,
    });
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(usage?.prompt_tokens).toBe(5);
  });

  test('from a response, with usage that adds up', async () => {
    const response = await client().responses.create({
      model: 'gpt-5',
      instructions: 'Be brief.',
      input: 'What is a coat check?',
    });
    expect(response.output_text).toBe(expectedAnswer);
    expect(response.status).toBe('completed');
    expect(response.usage).toMatchObject({ input_tokens: 9, output_tokens: 10, total_tokens: 19 });
  });

  test('from a streamed response, in the whole numbered sequence of events', async () => {
    const request = { model: 'gpt-5', input: [...question] };
    const events = await collect(await client().responses.create({ ...request, stream: true }));
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    const kinds = events.map(({ type }) => type);
    expect(kinds.filter((kind, index) => kind !== kinds[index - 1])).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const plain = await client().responses.create(request);
    const { output_text: _, ...wire } = plain;
    expect(events.at(-1)).toMatchObject({ response: wire });
  });

  test('from a response that is incomplete when it reaches its limit', async () => {
    const request = { model: 'gpt-5', input: 'Hi', max_output_tokens: 1 };
    const plain = await client().responses.create(request);
    expect(plain).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
    expect(plain.usage?.output_tokens).toBe(1);
    const events = await collect(await client().responses.create({ ...request, stream: true }));
    expect(events.at(-1)?.type).toBe('response.incomplete');
  });

  test('from a response as the function call it insists on', async () => {
    const request = {
      model: 'gpt-5',
      input: 'Where?',
      tools: [
        {
          type: 'function' as const,
          name: 'find_city',
          strict: true,
          parameters: { type: 'object', properties: { city: { type: 'string' } } },
        },
      ],
      tool_choice: 'required' as const,
    };
    const { output } = await client().responses.create(request);
    expect(output).toMatchObject([{ type: 'function_call', name: 'find_city', status: 'completed' }]);
    const stream = client().responses.stream(request);
    expect((await stream.finalResponse()).output).toMatchObject(output);
  });

  test('that satisfies the schema of a response', async () => {
    const { output_text } = await client().responses.create({
      model: 'gpt-5',
      input: 'Hi',
      text: {
        format: {
          type: 'json_schema',
          name: 'mood',
          schema: { type: 'object', properties: { good: { type: 'boolean' } } },
        },
      },
    });
    expect(JSON.parse(output_text)).toEqual({ good: true });
  });

  test('counts of tokens, the same as the response later reports', async () => {
    const request = { model: 'gpt-5', input: [...question] };
    const counted = await client().responses.inputTokens.count(request);
    const { usage } = await client().responses.create(request);
    expect(counted).toMatchObject({ object: 'response.input_tokens', input_tokens: usage?.input_tokens });
  });

  test('compacted', async () => {
    const compacted = await client().responses.compact({ model: 'gpt-5', input: [...question] });
    expect(compacted).toMatchObject({
      object: 'response.compaction',
      output: [{ type: 'compaction' }],
      usage: { input_tokens: 9 },
    });
  });
});
