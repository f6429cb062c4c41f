import { type PriceTable, price } from './prices.ts';
import type { Usage, UsageReport } from './usage.ts';

/** The models of a call, as far as they are known from its request. */
export interface CallModels {
  readonly model: string | null;
  readonly otherModels: readonly string[];
}

/**
 * What a call costs by what its answer reports.
 * @returns integer nano-USD; null as soon as a part of it has no known price
 */
export function costOf(
  priceTable: PriceTable,
  models: CallModels,
  { charges, costNanoUsd }: Pick<UsageReport, 'charges' | 'costNanoUsd'>,
): number | null {
  if (costNanoUsd !== null) return costNanoUsd;
  const [only, ...more] = models.otherModels;
  const toolModel = more.length === 0 ? only : undefined;
  let total = 0;
  for (const [index, { model, usage }] of charges.entries()) {
    const candidates = index === 0 ? [models.model, model] : [model, toolModel];
    const cost = firstPrice(priceTable, candidates, usage);
    if (cost === null) return null;
    total += cost;
  }
  return total;
}

function firstPrice(
  priceTable: PriceTable,
  models: readonly (string | null | undefined)[],
  usage: Usage,
): number | null {
  for (const model of models) {
    const cost = model ? price(priceTable, model, usage) : null;
    if (cost !== null) return cost;
  }
  return null;
}
