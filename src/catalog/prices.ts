import { calcPrice, type ModelPrice, type PriceCalculation } from '@pydantic/genai-prices';
import { LRUCache } from 'lru-cache';
import { nanoUsd } from './nano_usd.ts';
import type { Usage } from './usage.ts';

/** Counts that cost more than plain tokens where they occur: without a rate of their own their price is unknown. */
const ownRates: Readonly<Record<string, string>> = {
  input_audio_tokens: 'input_audio_mtok',
  output_audio_tokens: 'output_audio_mtok',
  output_image_tokens: 'output_image_mtok',
  input_audio_seconds: 'input_audio_hours',
  cache_write_1h_tokens: 'cache_write_1h_mtok',
};

const million = 1e6;

/** What a model costs, in USD for a million tokens. */
export interface TokenPrices {
  readonly input: number;
  readonly output: number;
}

/** A provider's id in the price table, or prices of its own by model. */
export type PriceTable = string | Readonly<Record<string, TokenPrices>>;

/** Looked up again after a minute: some rates change with the time of day. */
const knownRates = new LRUCache<string, ModelPrice>({ max: 1_000, ttl: 60_000, ttlResolution: 1_000 });

/**
 * Prices a call by a price table.
 * @returns integer nano-USD, rounded half up; null when the price is not known, which is never the same as 0
 */
export function price(priceTable: PriceTable, model: string, usage: Usage): number | null {
  const total =
    typeof priceTable === 'string'
      ? priceOfText(ratesOf(priceTable, model), usage) || priceOfAny(priceTable, model, usage)
      : priceOfOwn(priceTable, model, usage);
  return total === null ? null : nanoUsd(total);
}

function priceOfOwn(prices: Exclude<PriceTable, string>, model: string, usage: Usage): number | null {
  const own = Object.hasOwn(prices, model) ? prices[model] : undefined;
  const total = own ? priceOfText({ input_mtok: own.input, output_mtok: own.output }, usage) : Number.NaN;
  return Number.isNaN(total) ? null : total;
}

function ratesOf(priceTable: string, model: string): ModelPrice {
  const key = `${priceTable} ${model}`;
  const known = knownRates.get(key);
  if (known) return known;
  const rates = calculate(priceTable, model, {})?.model_price ?? {};
  knownRates.set(key, rates);
  return rates;
}

/**
 * What nearly every call comes to, text read and written: the table's own arithmetic, which knows everything, takes twenty
 * times as long.
 * @returns USD; not a positive number where it is not as simple as that
 */
function priceOfText(rates: ModelPrice, usage: Usage): number {
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
  const cost = (count: number, rate: ModelPrice[string]) => (count === 0 ? 0 : count * rateAt(rate, input));
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

function priceOfAny(priceTable: string, model: string, usage: Usage): number | null {
  const calculation = calculate(priceTable, model, usage);
  return calculation && isComplete(calculation, usage) ? calculation.total_price : null;
}

function calculate(priceTable: string, model: string, usage: Usage): PriceCalculation | null {
  try {
    return calcPrice(usage, model, { providerId: priceTable });
  } catch {
    // Counts that contradict each other, such as more cached tokens than tokens: no sum can be trusted.
    return null;
  }
}

/** The table prices a count that it has no rate for at nothing, and a model without rates. That is not free, it is unknown. */
function isComplete({ model_price: rates, total_price }: PriceCalculation, usage: Usage): boolean {
  const counted = Object.entries(usage).filter(([, count]) => count > 0);
  const lacksRate = counted.some(([name]) => {
    const rate = ownRates[name];
    return rate !== undefined && rates[rate] === undefined;
  });
  const known = Object.values(rates);
  const isFree = known.length > 0 && known.every((rate) => rate === 0);
  return !lacksRate && (total_price > 0 || counted.length === 0 || isFree);
}
