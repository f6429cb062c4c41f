import { findProvider, type ModelPrice } from '@pydantic/genai-prices';
import { type PriceTable, tableOf } from './prices.ts';

/**
 * The dearest that any provider is known to ask, by kind (USD, November 2026): for a provider that names no price of that kind
 * at all, such as one of the operator's own.
 */
const dearestAnywhere: Readonly<Record<string, number>> = {
  input_mtok: 150,
  output_mtok: 600,
  cache_read_mtok: 150,
  cache_write_mtok: 150,
  cache_write_1h_mtok: 150,
  input_audio_mtok: 150,
  input_image_mtok: 150,
  input_video_mtok: 150,
  output_audio_mtok: 600,
  output_image_mtok: 600,
  output_video_mtok: 600,
  output_reasoning_mtok: 600,
  audio_hours: 5,
  input_audio_hours: 5,
  requests_kcount: 10,
  web_searches_kcount: 35,
};

const largestAnywhere = 2 ** 21;

/** What is known of a provider's models at their dearest and largest. */
interface Highest {
  readonly rates: ReadonlyMap<string, number>;
  readonly contextWindow: number;
}

const known = new Map<PriceTable, Highest>();

/** What a price that is not known is taken for: twice the highest known one of that kind. @param kind as in the price table */
function ceilingRate(priceTable: PriceTable, kind: string): number {
  return 2 * (highestOf(priceTable).rates.get(kind) || (dearestAnywhere[kind] ?? 0));
}

/** The largest context window among a provider's models, in tokens. */
export function largestWindow(priceTable: PriceTable): number {
  return highestOf(priceTable).contextWindow;
}

function highestOf(priceTable: PriceTable): Highest {
  const before = known.get(priceTable);
  if (before) return before;
  const highest = readHighest(priceTable);
  known.set(priceTable, highest);
  return highest;
}

function readHighest(priceTable: PriceTable): Highest {
  const table = tableOf(priceTable);
  const models = (table === null ? null : findProvider({ providerId: table })?.models) ?? [];
  const own = typeof priceTable === 'string' ? [] : priceTable.own;
  const prices = [
    ...own.map(({ rates }) => rates),
    ...models.flatMap(({ prices }) => (Array.isArray(prices) ? prices.map((one) => one.prices) : [prices])),
  ];
  const rates = new Map<string, number>();
  for (const [kind, rate] of prices.flatMap((one) => Object.entries(one))) {
    rates.set(kind, Math.max(rates.get(kind) ?? 0, dearest(rate)));
  }
  const windows = [
    ...own.map(({ contextWindow = 0 }) => contextWindow),
    ...models.map(({ context_window = 0 }) => context_window),
  ];
  const contextWindow = Math.max(0, ...windows) || largestAnywhere;
  return { rates, contextWindow };
}

/** A rate in USD, in the price table's terms. */
export interface DearestRate {
  readonly usd: number;
  /** A part of what it stands for has no known price, and is taken at the ceiling. */
  readonly isCeiling: boolean;
}

/**
 * The dearest of the rates that a model has for some kinds.
 * @param needed those of them that have no known price without a rate of their own
 * @param input how many tokens may be read, which some rates go by
 */
export function dearestRate(
  priceTable: PriceTable,
  rates: readonly ModelPrice[],
  { kinds, needed, input }: { kinds: readonly string[]; needed: readonly string[]; input: number },
): DearestRate {
  const known = rates.flatMap((one) => kinds.map((kind) => dearest(one[kind], input)));
  const missing = needed.filter((kind) => rates.length === 0 || rates.some((one) => one[kind] === undefined));
  const ceilings = missing.map((kind) => ceilingRate(priceTable, kind));
  return { usd: Math.max(0, ...known, ...ceilings), isCeiling: missing.length > 0 };
}

/** The dearest step of a rate that so many tokens of input can reach. */
function dearest(rate: ModelPrice[string], input = Number.POSITIVE_INFINITY): number {
  if (typeof rate !== 'object') return rate ?? 0;
  return Math.max(rate.base, ...rate.tiers.filter(({ start }) => input > start).map(({ price }) => price));
}
