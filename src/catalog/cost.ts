import type { CostBound } from './cost_bound.ts';
import { dearestRate } from './highest_rates.ts';
import { type HostedTool, reportedFees, unreportedFees } from './hosted_tool.ts';
import type { CheckedBody } from './policy.ts';
import { ownRates, type PriceTable, price, pricesOf } from './prices.ts';
import { type Provider, pricedName, traitsOf } from './provider.ts';
import type { Charge, Usage, UsageReport } from './usage.ts';

/** The models of a call, as far as they are known from its request. */
export interface CallModels {
  readonly model: string | null;
  readonly otherModels: readonly string[];
  /** Tools of the provider that it offers. */
  readonly hostedTools?: readonly HostedTool[];
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
  if (unreportedFees(models.hostedTools ?? [], charges[0]?.usage ?? {}) > 0) return null;
  let total = 0;
  for (const [index, charge] of charges.entries()) {
    const cost = firstPrice(priceTable, candidates(models, charges, index), charge);
    if (cost === null) return null;
    total += cost;
  }
  return total;
}

/**
 * What a call counts as by what its answer reports: its price, else twice the highest known price of each kind that has none.
 * @returns both in integer nano-USD; `cost` is null when the price is not known
 */
export function countedCost(
  provider: Pick<Provider, 'priceTable' | 'models'>,
  asked: CallModels,
  report: Pick<UsageReport, 'charges' | 'costNanoUsd'>,
): { readonly cost: number | null; readonly counted: number } {
  const { priceTable } = provider;
  const models = { ...asked, model: pricedName(provider, asked.model) };
  const cost = costOf(priceTable, models, report);
  if (cost !== null) return { cost, counted: cost };
  const tools = models.hostedTools ?? [];
  const { charges } = report;
  const counted = charges.map((charge, index) => {
    const named = candidates(models, charges, index);
    const known = firstPrice(priceTable, named, charge);
    const fees = index === 0 ? reportedFees(tools, charge.usage) : 0;
    return known ?? ceilingCost(priceTable, named, charge.usage) + fees;
  });
  const fees = unreportedFees(tools, charges[0]?.usage ?? {});
  return { cost, counted: counted.reduce((sum, one) => sum + one, fees) };
}

/** Beside what was asked for and answered the streamed part of it: a token is a byte at least, and some may have been on their way. */
const tokensOnTheirWay = 2_048;

/**
 * What a stream of text counts as that broke off before it reported its usage.
 * @param streamedBytes that have come of the answer
 * @returns integer nano-USD; null where more may have been written than was seen, so that only the largest cost will do
 */
export function estimatedCost(
  bound: CostBound,
  provider: Provider,
  checked: CheckedBody,
  streamedBytes: number,
): number | null {
  const { model, body, hostedTools } = checked;
  const doesMore = hostedTools.length > 0 || unseen.some((field) => body[field]);
  const isPlain = !doesMore && traitsOf(provider, pricedName(provider, model))?.isPlain;
  if (!isPlain || bound.perOutputToken === 0) return null;
  return bound.base + Math.ceil(bound.perOutputToken * (streamedBytes + tokensOnTheirWay));
}

/** Fields by which a model is asked to do more than to write what is seen. */
const unseen = [
  ...['tools', 'functions', 'thinking', 'reasoning', 'reasoning_effort', 'output_config', 'prediction'],
  ...['modalities', 'audio', 'generationConfig', 'best_of', 'background'],
];

/** What a charge may be priced by. Whose it is that no answer says, is told by the one model that is left. */
function candidates(
  { model, otherModels }: CallModels,
  charges: readonly Charge[],
  index: number,
): readonly (string | null | undefined)[] {
  const answered = charges[index]?.model;
  if (index === 0) return [model, answered];
  const [only, ...more] = otherModels.filter((other) => charges.every((charge) => charge.model !== other));
  return [answered, more.length === 0 ? only : undefined];
}

/** How the counts of each side are named, how their rates, and how many of them a rate is for. */
const sides = [
  { names: /^(?!output)\w*_tokens$/, total: 'input_tokens', rate: 'input_mtok', unit: '_mtok', per: 1e6 },
  { names: /^output\w*_tokens$/, total: 'output_tokens', rate: 'output_mtok', unit: '_mtok', per: 1e6 },
  { names: /_seconds$/, total: 'audio_seconds', rate: 'audio_hours', unit: '_hours', per: 3_600 },
];

/** What a call counts as of which a price is not known: that part at the ceiling, all else at the dearest that it may be. */
function ceilingCost(
  priceTable: PriceTable,
  models: readonly (string | null | undefined)[],
  usage: Usage,
): number {
  const known = models.map((model) => (model ? pricesOf(priceTable, model).rates : []));
  const rates = known.find((one) => one.length > 0) ?? [];
  const { input_tokens: input = 0 } = usage;
  const cost = (count: number, kinds: readonly string[], needed: readonly string[]) =>
    count === 0 ? 0 : count * dearestRate(priceTable, rates, { kinds, needed, input }).usd;
  const total = sides.reduce((sum, side) => {
    const counts = Object.entries(usage).filter(([name, count]) => side.names.test(name) && count > 0);
    const priced = counts.flatMap(([name, count]) => {
      const rate = ownRates[name];
      return rate === undefined ? [] : [{ rate, count }];
    });
    const ofOwn = priced.reduce((all, { rate, count }) => all + cost(count, [rate], [rate]), 0);
    const rest = (usage[side.total] ?? 0) - priced.reduce((all, { count }) => all + count, 0);
    const kinds = counts.map(([name]) => name.replace(/_[a-z]+$/, side.unit));
    return sum + (ofOwn + cost(Math.max(0, rest), kinds, [side.rate])) / side.per;
  }, 0);
  return Math.ceil(total * 1e9);
}

function firstPrice(
  priceTable: PriceTable,
  models: readonly (string | null | undefined)[],
  charge: Charge,
): number | null {
  for (const model of models) {
    const cost = model ? priceWithSurcharge(priceTable, model, charge) : null;
    if (cost !== null) return cost;
  }
  return null;
}

function priceWithSurcharge(
  priceTable: PriceTable,
  model: string,
  { usage, readAtOnce, surcharge = 0 }: Charge,
): number | null {
  const cost = price(priceTable, model, usage, readAtOnce);
  if (cost === null || surcharge === 0) return cost;
  const tokens = Object.fromEntries(Object.entries(usage).filter(([name]) => name.endsWith('_tokens')));
  return cost + Math.round(surcharge * (price(priceTable, model, tokens, readAtOnce) ?? cost));
}
