import { inflateSync } from 'node:zlib';
import type OpenAI from 'openai';
import { toFile } from 'openai';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { clientFor, collect, eventData, majors, post, testKey } from './clients.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
  return () => sandbox.close();
});

async function speech(seconds: number): Promise<File> {
  const response = await clientFor(sandbox).audio.speech.create({
    model: 'tts-1',
    voice: 'alloy',
    input: 'a'.repeat(4 * 10 * seconds),
    response_format: 'wav',
  });
  return toFile(await response.arrayBuffer(), 'speech.wav', { type: 'audio/wav' });
}

function expectPng(base64: string | undefined): void {
  const picture = Buffer.from(base64 ?? '', 'base64');
  expect(picture.subarray(1, 4).toString()).toBe('PNG');
  const width = picture.readUInt32BE(16);
  const dataLength = picture.readUInt32BE(33);
  // One byte for the filter and three for each pixel of each line.
  expect(inflateSync(picture.subarray(41, 41 + dataLength)).byteLength).toBe(width * (1 + 3 * width));
}

describe.each(majors)('%s', (_major, create) => {
  const client = (): OpenAI => create({ baseURL: sandbox.url, apiKey: testKey, maxRetries: 0 });

  test('lists models, a fine-tuned one among them, and retrieves each', async () => {
    const models = await collect(client().models.list());
    const fineTuned = models.find(({ id }) => id.startsWith('ft:'));
    expect(fineTuned).toBeDefined();
    expect(models.map(({ id }) => id)).toContain('gpt-4o-mini');
    for (const model of models) expect(await client().models.retrieve(model.id)).toMatchObject(model);
  });

  test('embeds one text the same whether numbers or base64 travel', async () => {
    const request = { model: 'text-embedding-3-small', input: 'A coat' };
    const base64 = await client().embeddings.create(request);
    const floats = await client().embeddings.create({ ...request, encoding_format: 'float' });
    expect(Array.from(base64.data[0]?.embedding ?? [])).toEqual(floats.data[0]?.embedding);
    expect(floats.data[0]?.embedding).toHaveLength(1536);
    expect(Math.hypot(...(floats.data[0]?.embedding ?? []))).toBeCloseTo(1, 5);
    expect(floats.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
  });

  test('embeds a batch, each text as it would be alone, in the dimensions asked for', async () => {
    const request = { model: 'text-embedding-3-large', dimensions: 8 };
    const batch = await client().embeddings.create({ ...request, input: ['one', 'two'] });
    const alone = await client().embeddings.create({ ...request, input: 'two' });
    expect(batch.data.map(({ index }) => index)).toEqual([0, 1]);
    expect(batch.data[1]?.embedding).toEqual(alone.data[0]?.embedding);
    expect(batch.data[0]?.embedding).toHaveLength(8);
  });

  test('embeds tokens, alone and in batches', async () => {
    const model = 'text-embedding-3-small';
    const alone = await client().embeddings.create({ model, input: [1, 2, 3] });
    const batch = await client().embeddings.create({ model, input: [[1, 2, 3], [4]] });
    expect(alone.usage.prompt_tokens).toBe(3);
    expect(batch.usage.prompt_tokens).toBe(4);
    expect(batch.data[0]?.embedding).toEqual(alone.data[0]?.embedding);
  });

  test('moderates texts one by one, flagging the categories they name', async () => {
    const { results, model } = await client().moderations.create({ input: ['a coat', 'some violence'] });
    expect(model).toBe('omni-moderation-latest');
    expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
    expect(results[1]?.categories).toMatchObject({ violence: true, harassment: false });
    expect(results[1]?.category_scores.violence).toBeGreaterThan(0.9);
  });

  test('moderates a text with an image as one thing', async () => {
    const { results } = await client().moderations.create({
      model: 'omni-moderation-latest',
      input: [
        { type: 'text', text: 'a coat' },
        { type: 'image_url', image_url: { url: 'https://example.com/coat.png' } },
      ],
    });
    expect(results).toHaveLength(1);
    expect(results[0]?.category_applied_input_types.violence).toEqual(['text', 'image']);
  });

  test.each([
    ['address', 'https://example.com/violence.png', 'a coat', true],
    ['file', `data:image/png;base64,${Buffer.from('PNG violence').toString('base64')}`, 'a coat', true],
    ['address that names what is not looked for in images', 'https://example.com/hate.png', 'a coat', false],
  ])('flags an image by its %s', async (_, url, text, flagged) => {
    const image = { type: 'image_url', image_url: { url } } as const;
    const { results } = await client().moderations.create({ input: [{ type: 'text', text }, image] });
    expect(results[0]?.flagged).toBe(flagged);
  });

  test('moderates one image at a time', async () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.com/coat.png' } } as const;
    await expect(client().moderations.create({ input: [image, image] })).rejects.toMatchObject({
      status: 400,
      code: 'too_many_images',
    });
  });

  test('generates images as bytes with usage', async () => {
    const response = await client().images.generate({
      model: 'gpt-image-2',
      prompt: 'A coat',
      n: 2,
      quality: 'low',
    });
    expect(response.data).toHaveLength(2);
    expectPng(response.data?.[0]?.b64_json);
    expect(response.usage).toMatchObject({ input_tokens: 2, output_tokens: 544, total_tokens: 546 });
  });

  test('generates images as addresses without usage with the older models', async () => {
    const response = await client().images.generate({ model: 'dall-e-3', prompt: 'A coat' });
    expect(response.data?.[0]?.url).toMatch(/^https:\/\/images\.sandbox\.invalid\/.*\.png$/);
    expect(response.data?.[0]?.b64_json).toBeUndefined();
    expect(response.usage).toBeUndefined();
  });

  test('streams images, partial ones first', async () => {
    const stream = await client().images.generate({
      model: 'gpt-image-2',
      prompt: 'A coat',
      stream: true,
      partial_images: 2,
    });
    const events = await collect(stream);
    expect(events.map(({ type }) => type)).toEqual([
      'image_generation.partial_image',
      'image_generation.partial_image',
      'image_generation.completed',
    ]);
    for (const event of events) expectPng(event.b64_json);
    expect(events[2]).toMatchObject({ usage: { output_tokens: 1056 } });
  });

  test('edits and varies uploaded images', async () => {
    const image = () => toFile(Buffer.from('not really a picture'), 'coat.png', { type: 'image/png' });
    const request = { model: 'gpt-image-2', prompt: 'Make it red' };
    const edited = await client().images.edit({ ...request, image: [await image(), await image()] });
    expectPng(edited.data?.[0]?.b64_json);
    expect(edited.usage?.input_tokens_details).toEqual({ text_tokens: 3, image_tokens: 512 });
    const events = await collect(
      await client().images.edit({ ...request, image: await image(), stream: true, partial_images: 1 }),
    );
    expect(events.map(({ type }) => type)).toEqual(['image_edit.partial_image', 'image_edit.completed']);
    const varied = await client().images.createVariation({ image: await image(), n: 2 });
    expect(varied.data).toHaveLength(2);
  });

  test('speaks as MP3 unless asked for something else', async () => {
    const request = { model: 'tts-1', voice: 'alloy', input: 'Good evening' } as const;
    const mp3 = await client().audio.speech.create(request);
    expect(mp3.headers.get('content-type')).toBe('audio/mpeg');
    expect(Buffer.from(await mp3.arrayBuffer()).readUInt16BE()).toBe(0xfffb);
    const wav = Buffer.from(
      await (await client().audio.speech.create({ ...request, response_format: 'wav' })).arrayBuffer(),
    );
    expect(wav.toString('latin1', 0, 4)).toBe('RIFF');
    expect(wav.readUInt32LE(40)).toBe(wav.byteLength - 44);
  });

  test('transcribes as JSON with usage in tokens, or in seconds for whisper-1', async () => {
    const file = await speech(2);
    const byTokens = await client().audio.transcriptions.create({ model: 'gpt-4o-transcribe', file });
    expect(byTokens.text).toMatch(/^Sandbox transcript of 96044 bytes of audio/);
    expect(byTokens.usage).toMatchObject({ type: 'tokens', input_token_details: { audio_tokens: 20 } });
    const bySeconds = await client().audio.transcriptions.create({ model: 'whisper-1', file });
    expect(bySeconds.usage).toEqual({ type: 'duration', seconds: 2 });
  });

  test('transcribes as text, subtitles and verbose JSON', async () => {
    const request = { model: 'whisper-1', file: await speech(2) };
    const text = 'Sandbox transcript of 96044 bytes of audio';
    const as = (format: 'text' | 'srt' | 'vtt') =>
      client().audio.transcriptions.create({ ...request, response_format: format });
    expect(await as('text')).toMatch(text);
    expect(await as('srt')).toMatch(/^1\n00:00:00,000 --> 00:00:02,000\nSandbox/);
    expect(await as('vtt')).toMatch(/^WEBVTT\n\n00:00:00\.000 --> 00:00:02\.000\nSandbox/);
    const verbose = await client().audio.transcriptions.create({
      ...request,
      response_format: 'verbose_json',
      timestamp_granularities: ['word'],
    });
    expect(verbose).toMatchObject({ duration: 2, usage: { type: 'duration', seconds: 2 } });
    expect(verbose.words?.[0]).toMatchObject({ word: 'Sandbox', start: 0 });
  });

  test('streams a transcript, with usage at the end', async () => {
    const stream = await client().audio.transcriptions.create({
      model: 'gpt-4o-transcribe',
      file: await speech(1),
      stream: true,
    });
    const events = await collect(stream);
    const deltas = events.map((event) => (event.type === 'transcript.text.delta' ? event.delta : ''));
    expect(events.at(-1)).toMatchObject({
      type: 'transcript.text.done',
      text: deltas.join(''),
      usage: { type: 'tokens' },
    });
  });

  test('translates', async () => {
    const { text } = await client().audio.translations.create({ model: 'whisper-1', file: await speech(1) });
    expect(text).toMatch(/^Sandbox translation/);
  });
});

test('speech comes as events when asked, with usage at the end', async () => {
  const request = { model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'Good evening', stream_format: 'sse' };
  const response = await post(sandbox, '/audio/speech', request);
  expect(response.headers.get('content-type')).toMatch('text/event-stream');
  const events = eventData(await response.text());
  expect(events[0]).toMatchObject({ type: 'speech.audio.delta' });
  expect(events.at(-1)).toEqual({
    type: 'speech.audio.done',
    usage: { input_tokens: 3, output_tokens: 6, total_tokens: 9 },
  });
});

test('decisions answer each kind of question in order', async () => {
  const { answers, usage } = await clientFor(sandbox).decisions.create({
    model: 'gpt-6-sol',
    input: 'The coat is red.',
    questions: [
      { type: 'predicate', name: 'red', instructions: 'Is it red?' },
      { type: 'choice', instructions: 'Which?', choices: [{ value: 'coat' }, { value: true }] },
      {
        type: 'score',
        instructions: 'How red?',
        levels: [{ label: 'none' }, { label: 'some' }, { label: 'very' }],
      },
    ],
  });
  expect(answers.map(({ type }) => type)).toEqual(['predicate', 'choice', 'score']);
  const [predicate, choice, score] = answers;
  expect(predicate).toMatchObject({ name: 'red' });
  if (choice?.type !== 'choice' || score?.type !== 'score') throw new Error('other answers expected');
  expect(['coat', true]).toContain(choice.choice);
  expect(score.probabilities.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 3);
  expect(score.score).toBeGreaterThanOrEqual(0);
  expect(score.score).toBeLessThanOrEqual(2);
  expect(usage.total_tokens).toBe(usage.input_tokens + usage.output_tokens);
});
