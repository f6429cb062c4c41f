import { calcPrice, type PriceCalculation } from '@pydantic/genai-prices';
import type { Usage } from './usage.ts';

/** Counts that cost more than plain tokens where they occur: without a rate of their own their price is unknown. */
const ownRates: Readonly<Record<string, string>> = {
  input_audio_tokens: 'input_audio_mtok',
  output_audio_tokens: 'output_audio_mtok',
  input_audio_seconds: 'input_audio_hours',
};

const nanoPerUsd = 1e9;

/**
 * Prices a call by the price table.
 * @param priceTable the provider's id in the table
 * @returns integer nano-USD, rounded half up; null when the price is not known, which is never the same as 0
 */
export function price(priceTable: string, model: string, usage: Usage): number | null {
  const calculation = calculate(priceTable, model, usage);
  if (!calculation || !isComplete(calculation, usage)) return null;
  // The table's sums are binary fractions, a hair off; 15 digits put an exact half back in its place.
  return Math.round(Number((calculation.total_price * nanoPerUsd).toPrecision(15)));
}

function calculate(priceTable: string, model: string, usage: Usage): PriceCalculation | null {
  try {
    return calcPrice(usage, model, { providerId: priceTable });
  } catch {
    // Counts that contradict each other, such as more cached tokens than tokens: no sum can be trusted.
    return null;
  }
}

/** The table prices a count that it has no rate for at nothing. That is not free, it is unknown. */
function isComplete({ model_price: rates, total_price }: PriceCalculation, usage: Usage): boolean {
  const counted = Object.entries(usage).filter(([, count]) => count > 0);
  const lacksRate = counted.some(([name]) => {
    const rate = ownRates[name];
    return rate !== undefined && rates[rate] === undefined;
  });
  const isFree = Object.values(rates).every((rate) => rate === 0);
  return !lacksRate && (total_price > 0 || counted.length === 0 || isFree);
}
