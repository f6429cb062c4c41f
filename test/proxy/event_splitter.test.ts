import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEventSplitter, dataOf, withData } from '../../src/proxy/event_splitter.ts';

const lineEnds = ['\n', '\r\n', '\r'];

/** Cuts text into chunks of the given lengths, over and over. */
function chunksOf(text: string, lengths: readonly number[]): readonly Buffer[] {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
    const end = start + Math.max(1, lengths[turn % lengths.length] ?? 1);
    chunks.push(bytes.subarray(start, end));
    start = end;
  }
  return chunks;
}

function split(chunks: readonly Buffer[]) {
  const splitter = createEventSplitter();
  const pieces = chunks.flatMap((chunk) => [...splitter.push(chunk)]);
  return { pieces, held: splitter.held };
}

const line = fc.stringMatching(/^(data|event|id|: )[^\r\n]{0,20}$/);
const end = fc.constantFrom(...lineEnds);
/** One event: lines, each with an end of its own, and a blank line. */
const event = fc
  .tuple(fc.array(fc.tuple(line, end), { minLength: 1, maxLength: 4 }), end)
  .map(([lines, last]) => lines.flat().join('') + last)
  // A line that ends in CR before a blank line of LF would be one CRLF.
  .filter((text) => !/[^\r\n]\r\n$/.test(text));
const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });

const anyText = fc
  .array(fc.oneof(fc.constantFrom('\n', '\r', '\r\n', 'data: ', 'ä', '€', 'x'), fc.string({ maxLength: 5 })))
  .map((parts) => parts.join(''));

describe('splitting events', () => {
  it('loses and invents no byte, wherever chunks begin and end', () => {
    fc.assert(
      fc.property(anyText, lengths, (text, sizes) => {
        const splitter = createEventSplitter();
        let handedOn = 0;
        const pieces: Buffer[] = [];
        for (const chunk of chunksOf(text, sizes)) {
          for (const piece of splitter.push(chunk)) {
            pieces.push(piece);
            handedOn += piece.length;
          }
        }
        const whole = Buffer.from(text);
        expect(Buffer.concat(pieces)).toEqual(whole.subarray(0, handedOn));
        expect(handedOn + splitter.held).toBe(whole.length);
      }),
    );
  });

  it('finds the same events byte by byte as in one piece', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 6 }), lengths, (texts, sizes) => {
        const contents = (chunks: readonly Buffer[]) =>
          split(chunks)
            .pieces.map((piece) => piece.toString().replace(/^\n|[\r\n]+$/g, ''))
            .filter((text) => text !== '');
        const text = texts.join('');
        const whole = contents([Buffer.from(text)]);
        expect(contents(chunksOf(text, [1]))).toEqual(whole);
        expect(contents(chunksOf(text, sizes))).toEqual(whole);
      }),
    );
  });

  it('never holds back a complete event', () => {
    for (const one of lineEnds) {
      const first = `event: a${one}data: 1${one}${one}`;
      for (let cut = 1; cut < first.length; cut += 1) {
        const splitter = createEventSplitter();
        splitter.push(Buffer.from(first.slice(0, cut)));
        splitter.push(Buffer.from(first.slice(cut)));
        expect(splitter.held).toBe(0);
      }
    }
  });

  it('holds what has begun, and nothing more', () => {
    expect(split([Buffer.from('data: 1\n\ndata: 2')])).toMatchObject({ held: 7 });
    expect(split([Buffer.from('data: 1\n\ndata: 2\n')])).toMatchObject({ held: 8 });
    expect(split([Buffer.from('\n\n\n')])).toMatchObject({ held: 0 });
    expect(split([])).toEqual({ pieces: [], held: 0 });
  });

  it('lets the LF of a CRLF follow at once when the chunk ended between them', () => {
    const { pieces, held } = split([Buffer.from('data: 1\r\n\r'), Buffer.from('\ndata: 2\r\n\r\n')]);
    expect(held).toBe(0);
    expect(pieces.map(String).join('')).toBe('data: 1\r\n\r\ndata: 2\r\n\r\n');
  });
});

describe('the data of an event', () => {
  it.each(lineEnds)('is all its data lines, with %j as line end', (one) => {
    const text = Buffer.from(['event: x', 'data: {"a":', 'data:1}', ': comment', '', ''].join(one));
    expect(dataOf(text)).toBe('{"a":\n1}');
    expect(dataOf(withData(text, '{"b":2}'))).toBe('{"b":2}');
    expect(withData(text, '{"b":2}').toString()).toBe('event: x\n: comment\ndata: {"b":2}\n\n');
  });
});
