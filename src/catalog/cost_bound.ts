import type { JsonObject } from '../lib/json.ts';
import { dearestRate, largestWindow } from './highest_rates.ts';
import { largestFees, mostReadings } from './hosted_tool.ts';
import { type InputSize, inputSize } from './input_bound.ts';
import type { CheckedBody } from './policy.ts';
import { pricesOf } from './prices.ts';
import { type Provider, writingOf } from './provider.ts';
import type { Route } from './route.ts';

/** What a call can cost at most: `base + perOutputToken × tokens`. */
export interface CostBound {
  /** Integer nano-USD of everything but the text of its answers: input, pictures, seconds, fees. */
  readonly base: number;
  /** Nano-USD for each token of an answer, of all answers asked for together; may be a fraction. 0 where no model writes at its own length. */
  readonly perOutputToken: number;
  /** The most tokens one answer can have: the model's maximum, or a ceiling where it is not known. */
  readonly longestOutput: number;
  /** A part of it has no known price, and is counted at the ceiling. */
  readonly isCeiling: boolean;
}

const free: CostBound = { base: 0, perOutputToken: 0, longestOutput: 0, isCeiling: false };

/** As much as any model is known to write. */
const longestAnywhere = 131_072;
/** As many answers as any provider writes at once. */
const mostAnswers = 128;
/** The table's windows are rounded figures. */
const windowSlack = 1.05;
/** USD for a million tokens are so many nano-USD for one. */
const nanoPerToken = 1_000;
const nanoPerThousand = 1e6;

/** Fields that say how many answers are written, the largest counts; what is to be continued; and what is expected to be written: as much of it as the model does not take is paid for, too. */
const answerFields = ['n', 'best_of'];
const questionField = 'prompt';
const expectedField = 'prediction';

/**
 * The largest amount that a call can cost, whatever its answer turns out to be.
 * @param pathModel the model that the path names, if it does
 */
export function costBound(
  provider: Provider,
  route: Route,
  checked: CheckedBody | null,
  pathModel: string | null,
): CostBound {
  if (!route.usage || !checked) return free;
  return textBound(provider, route, checked, checked.model ?? pathModel);
}

function textBound(provider: Provider, route: Route, checked: CheckedBody, model: string | null): CostBound {
  const { priceTable, ownInput = 0 } = provider;
  const { body, scopes, hostedTools } = checked;
  const { rates, contextWindow } = pricesOf(priceTable, model ?? '');
  const size = inputSize(body);
  const window = Math.ceil(windowSlack * (contextWindow ?? largestWindow(priceTable)));
  const questions = countQuestions(body);
  const text = size.tokens + ownInput;
  const input =
    hostedTools.length > 0
      ? window * mostReadings(hostedTools)
      : size.hasMore
        ? window * questions
        : // What is embedded comes in any number of texts, each as long as the window.
          route.output && contextWindow !== null
          ? Math.min(window * questions, text)
          : text;
  const rate = (kinds: readonly string[], needed: readonly string[]) =>
    dearestRate(priceTable, rates, { kinds, needed, input });
  const read = rate(inputKinds(size), neededInput(size));
  const base =
    input * read.usd * nanoPerToken +
    rate(['requests_kcount'], []).usd * nanoPerThousand +
    largestFees(hostedTools);
  if (!route.output) return { ...free, base: Math.ceil(base), isCeiling: read.isCeiling };
  const speaks = scopes.some((scope) => scope.endsWith(':audio.speech'));
  const written = rate(outputKinds, ['output_mtok', ...(speaks ? ['output_audio_mtok'] : [])]);
  const perOutputToken = countAnswers(body) * questions * written.usd * nanoPerToken;
  const writing = writingOf(provider, model);
  const longestOutput = writing?.longest ?? longestAnywhere;
  const expected = body[expectedField] ? input : 0;
  const thought = writing?.thinksBeyond ? longestOutput : 0;
  return {
    base: Math.ceil(base + (expected + thought) * perOutputToken),
    perOutputToken,
    longestOutput,
    isCeiling: read.isCeiling || written.isCeiling,
  };
}

function inputKinds({ hasMore, isKept }: InputSize): readonly string[] {
  return [
    ...['input_mtok', 'cache_read_mtok', 'cache_write_mtok'],
    ...(isKept ? ['cache_write_1h_mtok'] : []),
    ...(hasMore ? ['input_audio_mtok', 'input_image_mtok', 'input_video_mtok'] : []),
  ];
}

function neededInput({ hasSound, isKept }: InputSize): readonly string[] {
  return [
    'input_mtok',
    ...(isKept ? ['cache_write_1h_mtok'] : []),
    ...(hasSound ? ['input_audio_mtok'] : []),
  ];
}

const outputKinds = ['output_mtok', 'output_reasoning_mtok', 'output_audio_mtok', 'output_image_mtok'];

/** What is no number counts as the most that a provider could take it for. */
function countAnswers(body: JsonObject): number {
  const asked = answerFields.map((field) => {
    const count = Math.ceil(Number(body[field] ?? 1));
    return Number.isSafeInteger(count) ? count : mostAnswers;
  });
  return Math.max(1, ...asked);
}

/** Several texts can be continued in one call; a list of numbers is one, in tokens. */
function countQuestions(body: JsonObject): number {
  const list = body[questionField];
  return Array.isArray(list) && typeof list[0] !== 'number' ? Math.max(1, list.length) : 1;
}
