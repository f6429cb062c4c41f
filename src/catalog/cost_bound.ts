import { dearestRate, largestWindow } from './highest_rates.ts';
import { type ByUses, feesByUses, mostOpenUses, rereadings } from './hosted_tool.ts';
import { type InputSize, inputSize } from './input_bound.ts';
import {
  type Amount,
  countOf,
  heardAmount,
  longestAnywhere,
  nanoPerMillionth,
  pictureRead,
  picturesAmount,
  speechAmount,
  sum,
} from './media_bounds.ts';
import type { CheckedBody } from './policy.ts';
import { type KnownPrices, pricesOf } from './prices.ts';
import { type ModelTraits, type Provider, pricedName, traitsOf } from './provider.ts';
import type { CostRules, Route } from './route.ts';
import { videoAmount } from './video_bound.ts';

/** What a call can cost at most: `base + toolUses.each × uses + perOutputToken × tokens`. */
export interface CostBound {
  /** Integer nano-USD of everything but the text of its answers: input, pictures, seconds, fees. */
  readonly base: number;
  /** Nano-USD for each token of an answer, of all answers asked for together; may be a fraction. 0 where no model writes at its own length. */
  readonly perOutputToken: number;
  /** The most tokens one answer can have: the model's maximum; where it is not known, one to choose, or a ceiling if none can be. */
  readonly longestOutput: number;
  /** Nano-USD for each use of the provider's tools that the broker may allow, and how many those can be; absent where none are left to it. */
  readonly toolUses?: { readonly each: number; readonly most: number };
  /** A part of it has no known price, and is counted at the ceiling. */
  readonly isCeiling: boolean;
  /** How many calls it stands for, where that is not one. */
  readonly calls?: number;
}

const free: CostBound = { base: 0, perOutputToken: 0, longestOutput: 0, isCeiling: false };

/** What nearly all models take for a bound of an answer where it is not known how much theirs is. */
const usualLongest = 16_384;
/** No provider writes more answers to one call. */
const mostAnswers = 128;
/** The table's windows are rounded figures. */
const windowSlack = 1.05;
/** As how many times what they take up of the window pictures are billed at most, but for models of which more is known. */
const usuallyBilled = 2.5;
/** USD for a thousand are so many nano-USD for one. */
const nanoPerThousandth = 1e6;

/** Fields that say how many answers are written, the largest counts; what is to be continued; and what is expected to be written: as much of it as the model does not take is paid for, too. */
const answerFields = ['n', 'best_of'];
const questionField = 'prompt';
const expectedField = 'prediction';
/** How often tools of the provider are used, and what stands for it where it is left open. */
const usesField = 'max_tool_calls';
const mostUses = 10;
/** What the provider tells the model of one of its tools, in tokens. */
const toolDescription = 8_192;

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
  const model = pricedName(provider, checked.model ?? pathModel);
  const { cost } = route;
  if (cost === undefined || cost.kind === 'session') return textBound(provider, route, checked, model);
  const { nanoUsd, isCeiling } = mediaAmount(provider, cost, checked, model);
  return { ...free, base: Math.ceil(nanoUsd), isCeiling };
}

function mediaAmount(
  { priceTable }: Provider,
  cost: Exclude<CostRules, { readonly kind: 'session' }>,
  { body }: CheckedBody,
  model: string | null,
): Amount {
  switch (cost.kind) {
    case 'pictures':
      return picturesAmount(priceTable, cost.tokens, model, body);
    case 'speech':
      return speechAmount(priceTable, cost, model, body);
    case 'heard':
      return heardAmount(priceTable, cost, model, body);
    case 'video':
      return videoAmount(cost.rates, model, body);
    case 'fee':
      return { nanoUsd: cost.nanoUsd, isCeiling: false };
  }
}

function textBound(provider: Provider, route: Route, checked: CheckedBody, model: string | null): CostBound {
  const { priceTable, surcharge = 0 } = provider;
  const { body, scopes, objects, hostedTools } = checked;
  const known = pricesOf(priceTable, model ?? '');
  const traits = traitsOf(provider, model);
  const { largestPicture } = traits ?? {};
  const measured = inputSize(body, largestPicture === undefined ? undefined : provider.pictures);
  const isSession = route.cost?.kind === 'session';
  const size = {
    ...measured,
    hasMore: measured.hasMore || isSession || objects.length > 0,
    hasSound: measured.hasSound || isSession,
  };
  const drawn = drawnAmount(provider, checked, size.tokens + size.pictures * pictureRead);
  const fees = feesByUses(hostedTools);
  const most = mostOpenUses(hostedTools);
  const input = inputTokens(provider, route, checked, size, known, traits);
  const largestInput = input.fixed + input.perUse * most;
  const rate = (kinds: readonly string[], needed: readonly string[]) => {
    const dearest = dearestRate(priceTable, known.rates, { kinds, needed, input: largestInput });
    return { ...dearest, usd: dearest.usd * (1 + surcharge) };
  };
  const read = rate(inputKinds(size), neededInput(size));
  const request = rate(['requests_kcount'], []);
  const perRead = read.usd * nanoPerMillionth;
  const fixed = input.fixed * perRead + request.usd * nanoPerThousandth + fees.fixed + drawn.fixed;
  const each = Math.ceil(input.perUse * perRead + fees.perUse + drawn.perUse);
  const shared = {
    isCeiling: read.isCeiling || drawn.isCeiling,
    ...(most > 0 && { toolUses: { each, most } }),
  };
  if (!route.output) return { ...free, ...shared, base: Math.ceil(fixed) };
  const speaks = isSession || scopes.some((scope) => scope.endsWith(':audio.speech'));
  const written = rate(outputKinds, ['output_mtok', ...(speaks ? ['output_audio_mtok'] : [])]);
  const answers = Math.max(...answerFields.map((field) => countOf(body[field], mostAnswers)));
  const perOutputToken = answers * countTexts(body[questionField]) * written.usd * nanoPerMillionth;
  const isBounded = route.output.caps.length > 0;
  const longestOutput = traits?.longest ?? (isBounded ? usualLongest : longestAnywhere);
  const expected = body[expectedField] ? largestInput : 0;
  const thought = traits?.thinksBeyond ? longestAnywhere : 0;
  return {
    ...shared,
    base: Math.ceil(fixed + (expected + thought) * perOutputToken),
    perOutputToken,
    longestOutput,
    isCeiling: shared.isCeiling || written.isCeiling,
  };
}

/** How many tokens are read at most: once, and again after each use of a tool. */
function inputTokens(
  { priceTable, ownInput = 0 }: Provider,
  { output }: Route,
  { body, hostedTools }: CheckedBody,
  { tokens, pictures, hasMore }: InputSize,
  { contextWindow }: KnownPrices,
  traits: ModelTraits | undefined,
): ByUses {
  // What is embedded comes in any number of texts, each as long as the window.
  const texts = output
    ? countTexts(body[questionField])
    : Math.max(...Object.values(body).map(countTexts), 1);
  const known = traits?.contextWindow ?? contextWindow;
  const inTokens = (size: number) => Math.ceil(windowSlack * size) * texts;
  const size = known ?? largestWindow(priceTable);
  const window = inTokens(size);
  const { billedWindow, largestPicture = 0 } = traits ?? {};
  const full = hasMore && billedWindow !== undefined ? inTokens(billedWindow) : window;
  // They can be billed as more than fits into the window.
  const seen = Math.min(pictures * largestPicture, inTokens(billedWindow ?? usuallyBilled * size));
  const text = tokens + ownInput + hostedTools.length * toolDescription;
  const isAllShown = !hasMore && hostedTools.every(({ isReadLater }) => isReadLater);
  const first = !isAllShown ? full : known === null ? text : Math.min(window, text);
  const found = hostedTools.reduce((sum, tool) => sum + (tool.longestFinding ?? full), 0);
  // What has been written by then is read, too.
  const reread = Math.min(full, first + inTokens(found) + (traits?.longest ?? longestAnywhere)) + seen;
  const again = rereadings(hostedTools);
  return { fixed: first + seen + again.fixed * reread, perUse: again.perUse * reread };
}

/** Several texts can come in one call; a list of numbers is one, in tokens. */
function countTexts(value: unknown): number {
  return Array.isArray(value) && typeof value[0] !== 'number' ? Math.max(1, value.length) : 1;
}

/** Pictures that the model makes by a tool, as often as it may use it. */
function drawnAmount(
  { priceTable }: Provider,
  { body, drawings, hostedTools }: CheckedBody,
  read: number,
): ByUses & Pick<Amount, 'isCeiling'> {
  const drawn = drawings.map(({ tokens, tool }) => {
    const model = typeof tool.model === 'string' ? tool.model : null;
    return picturesAmount(priceTable, tokens, model, tool, read);
  });
  const { nanoUsd, isCeiling } = sum(...drawn);
  const isOpen = hostedTools.some((tool) => tool.isOpen && tool.by?.of === 'call');
  if (isOpen) return { fixed: 0, perUse: nanoUsd, isCeiling };
  return { fixed: countOf(body[usesField] ?? mostUses, mostUses) * nanoUsd, perUse: 0, isCeiling };
}

function inputKinds({ pictures, hasMore, isKept }: InputSize): readonly string[] {
  return [
    ...['input_mtok', 'cache_read_mtok', 'cache_write_mtok'],
    ...(isKept ? ['cache_write_1h_mtok'] : []),
    ...(pictures > 0 ? ['input_image_mtok'] : []),
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
