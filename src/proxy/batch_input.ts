import { setImmediate as nextTurn } from 'node:timers/promises';
import { type CheckedLine, checkBatchLine, type LineContext } from '../catalog/batch_line.ts';
import type { CostBound } from '../catalog/cost_bound.ts';
import type { NamedObject } from '../catalog/objects.ts';
import type { OutputCap } from '../catalog/output_cap.ts';
import type { Provider } from '../catalog/provider.ts';
import type { BatchInputRules } from '../catalog/route.ts';
import { jsonText } from '../lib/json_text.ts';
import { Refusal } from './refusal.ts';

/** What is kept of a file of calls: what they need, and what they can cost all together. */
export interface BatchInput {
  readonly endpoint: string;
  readonly model: string | null;
  readonly scope: string;
  /** The longest answer that one of them may get. */
  readonly output: OutputCap | null;
  readonly cost: CostBound;
  /** The most tokens that one of them reads; null where that is not known. */
  readonly readAtOnce: number | null;
}

/** A file of calls that may go on. */
export interface ReadBatchInput {
  readonly input: BatchInput;
  /** The file to send in its place. */
  readonly bytes: Buffer;
  /** What the provider keeps that the calls name. Nothing says yet whether it is the caller's. */
  readonly objects: readonly NamedObject[];
}

/** As OpenAI has it. */
const mostLines = 50_000;
/** More than any batch names; each is looked up. */
const mostObjects = 1_000;
/** Milliseconds that others wait at most. */
const longestTurn = 10;

/**
 * Reads a file of calls, one a line, and judges each. Large ones let others have their turn.
 * @param longestLine in bytes, COATCHECK_MAX_JSON_BODY
 * @throws Refusal that names the first line that may not go on
 */
export async function readBatchInput(
  rules: BatchInputRules,
  provider: Provider,
  file: Uint8Array,
  context: LineContext & { readonly longestLine: number },
): Promise<ReadBatchInput> {
  const customIds = new Set<string>();
  const objects: NamedObject[] = [];
  const written: Buffer[] = [];
  let input: BatchInput | null = null;
  let turnEnds = performance.now() + longestTurn;
  for (const bytes of linesOf(file)) {
    const number = written.length + 1;
    const line = readLine(rules, provider, bytes, number, context);
    const problem = problemAmong(line, { customIds, input, number, objects });
    if (problem) throw refusal(rules, number, { code: 'invalid_request', ...problem });
    customIds.add(line.customId);
    input = withLine(input, line);
    for (const { param, ...name } of line.objects) {
      objects.push({ ...name, param: paramOf(rules, number, `body.${param}`) });
    }
    written.push(Buffer.from(textOf(line)));
    if (performance.now() > turnEnds) {
      await nextTurn();
      turnEnds = performance.now() + longestTurn;
    }
  }
  if (!input) throw new Refusal('invalid_request', 'The file has no lines.', { param: rules.file });
  return { input, bytes: Buffer.concat(written), objects };
}

/** Without what is blank at the end. */
function* linesOf(file: Uint8Array): Generator<Uint8Array> {
  const end = file.findLastIndex((byte) => byte > 0x20) + 1;
  for (let start = 0; start < end; ) {
    const found = file.indexOf(0x0a, start);
    const stop = found < 0 || found > end ? end : found;
    yield file.subarray(start, stop);
    start = stop + 1;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readLine(
  rules: BatchInputRules,
  provider: Provider,
  bytes: Uint8Array,
  number: number,
  context: LineContext & { readonly longestLine: number },
): CheckedLine {
  const { longestLine } = context;
  if (bytes.length > longestLine) {
    const message = `It is larger than ${longestLine} bytes, the broker's COATCHECK_MAX_JSON_BODY.`;
    throw refusal(rules, number, { code: 'body_too_large', param: '', message });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(bytes));
  } catch {
    // The parser's own message would quote the line.
    throw refusal(rules, number, { code: 'invalid_request', param: '', message: 'It is not JSON in UTF-8.' });
  }
  const line = checkBatchLine(rules, provider, parsed, context);
  if (line.kind === 'refused') throw refusal(rules, number, line);
  return line;
}

interface Problem {
  readonly param: string;
  readonly message: string;
}

/** What does not go together with the lines before. */
function problemAmong(
  { customId, endpoint, model }: CheckedLine,
  before: {
    readonly customIds: ReadonlySet<string>;
    readonly input: BatchInput | null;
    readonly number: number;
    readonly objects: readonly NamedObject[];
  },
): Problem | null {
  const { customIds, input, number, objects } = before;
  if (number > mostLines) return { param: '', message: `A batch has ${mostLines} lines at most.` };
  if (objects.length > mostObjects) {
    return { param: '', message: `A batch names ${mostObjects} things that the provider keeps at most.` };
  }
  if (customIds.has(customId)) return { param: 'custom_id', message: 'custom_id occurs twice.' };
  if (input && input.endpoint !== endpoint) return { param: 'url', message: 'All lines have the same url.' };
  if (input && input.model !== model) {
    return { param: 'body.model', message: 'All lines have the same model.' };
  }
  return null;
}

function withLine(input: BatchInput | null, line: CheckedLine): BatchInput {
  const { endpoint, model, scope, output, nanoUsd, isCeiling, read } = line;
  const { cost: before } = input ?? {};
  const cost = {
    base: (before?.base ?? 0) + nanoUsd,
    perOutputToken: 0,
    longestOutput: 0,
    isCeiling: (before?.isCeiling ?? false) || isCeiling,
    calls: (before?.calls ?? 0) + 1,
  };
  if (!input) return { endpoint, model, scope, output, cost, readAtOnce: read };
  const isLonger = Number(output?.tokens) > Number(input.output?.tokens);
  return {
    ...input,
    output: isLonger ? output : input.output,
    cost,
    readAtOnce: read === null || input.readAtOnce === null ? null : Math.max(read, input.readAtOnce),
  };
}

/** Break a line for some who read it, though not in JSON. */
const otherBreaks = /[\u0085\u2028\u2029]/g;

function textOf({ customId, endpoint, body }: CheckedLine): string {
  const [custom_id, url] = [JSON.stringify(customId), JSON.stringify(endpoint)];
  const text = `{"custom_id":${custom_id},"method":"POST","url":${url},"body":${jsonText(body)}}\n`;
  return text.replace(otherBreaks, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function refusal(
  rules: BatchInputRules,
  number: number,
  { code, message, param }: Problem & { readonly code: Refusal['code'] },
): Refusal {
  return new Refusal(code, `Line ${number}: ${message}`, { param: paramOf(rules, number, param) });
}

function paramOf({ file }: BatchInputRules, number: number, param: string): string {
  return `${file}[${number}]${param && `.${param}`}`;
}
