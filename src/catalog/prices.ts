import { calcPrice, type ModelPrice, type PriceCalculation } from '@pydantic/genai-prices';
import { LRUCache } from 'lru-cache';
import { covers } from '../lib/model_pattern.ts';
import { nanoUsd } from './nano_usd.ts';
import type { Usage } from './usage.ts';

/** Counts that plain tokens do not pay for where they occur: without a rate of their own their price is unknown. */
export const ownRates: Readonly<Record<string, string>> = {
  input_audio_tokens: 'input_audio_mtok',
  output_audio_tokens: 'output_audio_mtok',
  output_image_tokens: 'output_image_mtok',
  input_audio_seconds: 'input_audio_hours',
  cache_write_1h_tokens: 'cache_write_1h_mtok',
  web_searches: 'web_searches_kcount',
};

/** What a row of our own has to name a rate for: the table leaves out what costs nothing. */
const neededRates: Readonly<Record<string, string>> = {
  ...ownRates,
  input_tokens: 'input_mtok',
  output_tokens: 'output_mtok',
};

const million = 1e6;

/** What models cost by a row of our own or of the operator, in the price table's terms: USD for a million tokens and so on. */
export interface OwnPrices {
  /** Of their names. */
  readonly pattern: string;
  readonly rates: ModelPrice;
  /** USD for a million characters, where they are spoken. */
  readonly characters?: number;
  /** USD for a picture, where it is not paid for in tokens: the dearest. */
  readonly picture?: number;
  /** In tokens. */
  readonly contextWindow?: number;
}

/** A provider's id in the price table, or rows that go before it; null where there is no more than these. */
export type PriceTable = string | { readonly own: readonly OwnPrices[]; readonly table: string | null };

/** What is known of a model's prices. */
export interface KnownPrices {
  /** What may hold while a call lasts, the first just now: some rates change with the time of day. Empty: not known. */
  readonly rates: readonly ModelPrice[];
  /** As in `OwnPrices`. */
  readonly characters?: number;
  readonly picture?: number;
  /** In tokens; null when it is not known. */
  readonly contextWindow: number | null;
}

/** Looked up again after a minute: some rates change with the time of day. */
const known = new LRUCache<string, KnownPrices>({ max: 1_000, ttl: 60_000, ttlResolution: 1_000 });
const day = 86_400_000;

/** The prices of a model, first by the rows that go before the table. */
export function pricesOf(priceTable: PriceTable, model: string): KnownPrices {
  const own = ownPrices(priceTable, model);
  if (own) return { ...own, rates: [own.rates], contextWindow: own.contextWindow ?? null };
  const table = tableOf(priceTable);
  if (table === null) return unknown;
  const key = `${table} ${model}`;
  const before = known.get(key);
  if (before) return before;
  const calculation = unlessContradictory(() => calculate(table, model, {}));
  const prices = calculation ? pricesIn(calculation) : unknown;
  known.set(key, prices);
  return prices;
}

const unknown: KnownPrices = { rates: [], contextWindow: null };

function pricesIn({ model, model_price: now }: PriceCalculation): KnownPrices {
  const tomorrow = new Date(Date.now() + day).toISOString();
  const others = Array.isArray(model.prices) ? model.prices : [];
  const soon = others.filter(({ constraint }) =>
    constraint?.type === 'start_date'
      ? constraint.start_date > new Date().toISOString() && constraint.start_date < tomorrow
      : constraint?.type === 'time_of_date',
  );
  return { rates: [now, ...soon.map(({ prices }) => prices)], contextWindow: model.context_window ?? null };
}

/** The same prices with further rows before them. */
export function withOwnPrices(priceTable: PriceTable, rows: readonly OwnPrices[]): PriceTable {
  const own = typeof priceTable === 'string' ? rows : [...rows, ...priceTable.own];
  return { own, table: tableOf(priceTable) };
}

/** Whether a model has prices in rows that go before the table. */
export function hasOwnPrices(priceTable: PriceTable, model: string): boolean {
  return ownPrices(priceTable, model) !== undefined;
}

/** Why rates cannot stand in one row; null when they can. */
export function faultOf(rates: ModelPrice): string | null {
  try {
    calculateOwn({ pattern: '*', rates }, {});
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The provider's id in the published table. */
export function tableOf(priceTable: PriceTable): string | null {
  return typeof priceTable === 'string' ? priceTable : priceTable.table;
}

function ownPrices(priceTable: PriceTable, model: string): OwnPrices | undefined {
  if (typeof priceTable === 'string') return undefined;
  return priceTable.own.find(({ pattern }) => covers(pattern, model));
}

/**
 * Prices a call by a price table.
 * @param readAtOnce the tokens that the step of a price goes by
 * @returns integer nano-USD, rounded half up; null when the price is not known, which is never the same as 0
 */
export function price(
  priceTable: PriceTable,
  model: string,
  usage: Usage,
  readAtOnce?: number,
): number | null {
  const [rates = {}] = pricesOf(priceTable, model).rates;
  const ofText = priceOfText(rates, usage, readAtOnce);
  const isKnown = ofText > 0 || (ofText === 0 && isFree(rates));
  const total = isKnown ? ofText : priceOfAny(priceTable, model, usage);
  return total === null ? null : nanoUsd(total);
}

/**
 * What nearly every call comes to, text read and written: the table's own arithmetic, which knows everything, takes twenty
 * times as long.
 * @returns USD; not a positive number where it is not as simple as that
 */
function priceOfText(rates: ModelPrice, usage: Usage, readAtOnce = Number.POSITIVE_INFINITY): number {
  const {
    input_tokens: input = 0,
    cache_read_tokens: read = 0,
    cache_write_tokens: written = 0,
    output_tokens: output = 0,
    output_reasoning_tokens: reasoning = 0,
    ...others
  } = usage;
  const fresh = input - read - written;
  const isSimple = fresh >= 0 && reasoning <= output && Object.values(others).every((count) => count === 0);
  const hasMoreRates = rates.requests_kcount !== undefined || rates.output_reasoning_mtok !== undefined;
  if (!isSimple || hasMoreRates) return Number.NaN;
  const cost = (count: number, rate: ModelPrice[string]) =>
    count === 0 ? 0 : count * rateAt(rate, Math.min(input, readAtOnce));
  const { input_mtok, cache_read_mtok = input_mtok, cache_write_mtok = input_mtok, output_mtok } = rates;
  const total =
    cost(fresh, input_mtok) +
    cost(read, cache_read_mtok) +
    cost(written, cache_write_mtok) +
    cost(output, output_mtok);
  return total / million;
}

/** USD for a million tokens, by how many are read. */
function rateAt(rate: ModelPrice[string], input: number): number {
  if (typeof rate !== 'object') return rate ?? Number.NaN;
  return rate.tiers.findLast(({ start }) => input > start)?.price ?? rate.base;
}

function priceOfAny(priceTable: PriceTable, model: string, usage: Usage): number | null {
  const own = ownPrices(priceTable, model);
  const table = tableOf(priceTable);
  const calculation = unlessContradictory(() =>
    own ? calculateOwn(own, usage) : table === null ? null : calculate(table, model, usage),
  );
  const isKnown = calculation && isComplete(calculation, usage, own ? neededRates : ownRates);
  return isKnown ? calculation.total_price : null;
}

function calculate(table: string, model: string, usage: Usage): PriceCalculation | null {
  return calcPrice(usage, model, { providerId: table });
}

/** The table's own arithmetic with rates of our own. */
function calculateOwn({ rates }: OwnPrices, usage: Usage): PriceCalculation | null {
  const model = { id: 'own', match: { equals: 'own' }, prices: rates };
  const provider = { id: 'own', name: 'own', api_pattern: '', models: [model] };
  return calcPrice(usage, 'own', { provider });
}

function unlessContradictory(calculation: () => PriceCalculation | null): PriceCalculation | null {
  try {
    return calculation();
  } catch {
    // Counts that contradict each other, such as more cached tokens than tokens: no sum can be trusted.
    return null;
  }
}

/** The table prices a count that it has no rate for at nothing, and a model without rates. That is not free, it is unknown. */
function isComplete(
  { model_price: rates, total_price }: PriceCalculation,
  usage: Usage,
  needed: typeof ownRates,
): boolean {
  const counted = Object.entries(usage).filter(([, count]) => count > 0);
  const lacksRate = counted.some(([name]) => {
    const rate = needed[name];
    return rate !== undefined && rates[rate] === undefined;
  });
  return !lacksRate && (total_price > 0 || counted.length === 0 || isFree(rates));
}

function isFree(rates: ModelPrice): boolean {
  const known = Object.values(rates);
  return known.length > 0 && known.every((rate) => rate === 0);
}
