import { describe, expect, it } from 'vitest';
import { costBound } from '../../src/catalog/cost_bound.ts';
import type { Admission } from '../../src/proxy/admit.ts';
import type { AnswerContext } from '../../src/proxy/answer.ts';
import { createEventSink } from '../../src/proxy/event_sink.ts';
import { createHeldSink } from '../../src/proxy/held_sink.ts';
import { createMeter } from '../../src/proxy/meter.ts';
import { createThroughSink } from '../../src/proxy/through_sink.ts';
import type { Settlement } from '../../src/store/contract/ledger.ts';
import { boundOf, check, providerNamed, routeOf } from '../catalog/bound_of.ts';
import type { Shape } from './support/usage_shape.ts';
import { answers, files, streams } from './support/usage_shapes.ts';

/** Meters answers of a provider, each as it comes in these chunks. */
function meterOf(
  shape: Shape,
  mediaType: string,
): (chunks: readonly Buffer[]) => Settlement & { readonly reserved: number } {
  const provider = providerNamed(shape.provider);
  const route = routeOf(provider, shape.path);
  const pathModel = shape.path.includes('{model}') ? String(shape.sent.model) : null;
  const checked = check(provider, route, shape.sent, pathModel);
  const bound = costBound(provider, route, checked, pathModel);
  const admission = {
    ...{ callId: 'call_1', provider, match: { route }, checked, bound, limits: [] },
    reservedNanoUsd: bound.base,
  } as unknown as Admission;
  const forJson = route.answer.json === 'held' && mediaType === json ? createHeldSink : createThroughSink;
  const createSink = mediaType === eventStream ? createEventSink : forJson;
  return (chunks) => {
    const settlements: Settlement[] = [];
    const ledger = { settle: (settlement: Settlement) => settlements.push(settlement) };
    const meter = createMeter(ledger as unknown as Parameters<typeof createMeter>[0], admission);
    const nothing = () => {};
    const context: AnswerContext = {
      ...{ admission, meter, begin: nothing, flush: nothing, send: nothing, relay: nothing },
      ...{ keyIsBad: nothing, quotaIsUsedUp: nothing },
      record: () => false,
      finish: meter.settle,
      fail: (_, outcome) => meter.settle(outcome),
    };
    const sink = createSink(context, { status: 200, mediaType, headers: [] });
    meter.sent();
    for (const chunk of chunks) sink.write(chunk);
    sink.end();
    return { ...(settlements[0] ?? expect.fail('not settled')), reserved: bound.base };
  };
}

const json = 'application/json';
const eventStream = 'text/event-stream';

/** What the answer comes to has to be the same wherever it is split. */
function expectEverySplit(shape: Shape, mediaType: string, bytes: Buffer): void {
  const metered = meterOf(shape, mediaType);
  const { usage, cost, counted } = shape;
  for (let cut = 0; cut < bytes.length; cut += 1) {
    const { reserved, countedNanoUsd, ...settled } = metered([bytes.subarray(0, cut), bytes.subarray(cut)]);
    expect(settled).toMatchObject({
      ...{ outcome: 'answered', usage, costNanoUsd: cost },
      isEstimated: cost === null && counted === undefined,
    });
    expect(countedNanoUsd ?? reserved).toBe(cost ?? counted ?? reserved);
  }
}

describe('the usage of a stream', () => {
  it.each(Object.entries(streams))('of %s is read wherever it is split, with any line end', (_, shape) => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = shape.events.map(([name, data]) => {
        const written = typeof data === 'string' ? data : JSON.stringify(data);
        const line = written.startsWith(':') ? written : `data: ${written}`;
        return `${name === null ? '' : `event: ${name}${end}`}${line}${end}${end}`;
      });
      expectEverySplit(shape, eventStream, Buffer.from(text.join('')));
    }
  });
});

describe('a stream that breaks off after it has said how much it has been so far', () => {
  it('has reported no cost', () => {
    const sent = { model: 'grok-4.5', messages: [{ role: 'user', content: 'Hi' }], stream: true };
    const event = {
      choices: [{ index: 0, delta: { content: 'Well' }, finish_reason: null }],
      usage: { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 },
    };
    const shape = { provider: 'xai', path: '/chat/completions', sent, usage: null, cost: null };
    const settled = meterOf(shape, eventStream)([Buffer.from(`data: ${JSON.stringify(event)}\n\n`)]);
    expect(settled).toMatchObject({ outcome: 'cut', costNanoUsd: null, isEstimated: true });
  });
});

describe('the usage of an answer in one piece', () => {
  it.each(Object.entries(answers))('of %s is read wherever it is split', (_, shape) => {
    expectEverySplit(shape, json, Buffer.from(JSON.stringify(shape.answer, null, 1)));
  });
});

describe('what is no report', () => {
  it.each(Object.entries(files))('is taken for none in %s, wherever it is split', (_, shape) => {
    expectEverySplit(shape, shape.mediaType, Buffer.from(shape.content, 'latin1'));
  });
});

describe('a price that nobody knows', () => {
  it('counts as no more than was reserved', () => {
    const shape: Shape = {
      ...{ provider: 'openai', path: '/images/generations' },
      sent: { model: 'gpt-image-9', prompt: 'A train', quality: 'low', size: '1024x1024' },
      ...{ usage: null, cost: null },
    };
    const usage = { input_tokens: 9, output_tokens: 5_000_000 };
    const settled = meterOf(shape, json)([Buffer.from(JSON.stringify({ data: [], usage }))]);
    expect(settled.costNanoUsd).toBeNull();
    const { base } = boundOf('openai', shape.path, shape.sent);
    expect(settled.countedNanoUsd).toBe(base);
  });
});
