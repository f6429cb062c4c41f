import { at } from '../lib/json.ts';
import { type CallModels, countedCost } from './cost.ts';
import type { Provider } from './provider.ts';
import type { LateCostRules } from './route.ts';
import { readUsage, type UsageReport } from './usage.ts';

/** What is known of the call that had it made. */
export interface LateCall extends CallModels {
  /** The most tokens that the provider can have read at once; null where that is not known, absent where it was all. */
  readonly readAtOnce?: number | null;
}

type LateReport = Pick<UsageReport, 'usage' | 'charges' | 'costNanoUsd'>;

const nothing: LateReport = { usage: {}, charges: [], costNanoUsd: 0 };

/**
 * Reads what an answer, or an event, tells of the usage of an earlier call.
 * @param id of what that call had made
 * @returns null as long as there is more to come, and where the provider does not say
 */
export function readLateUsage(
  { usage, endings, isFree }: LateCostRules,
  id: string,
  answer: unknown,
): LateReport | null {
  const made = [answer, at(answer, ['response'])].find((one) => at(one, ['id']) === id);
  if (!endings.includes(String(at(made, ['status'])))) return null;
  const report = readUsage(usage, made);
  const isUsed = Object.values(report?.usage ?? {}).some((count) => count > 0);
  if (!isUsed && isFree?.(made)) return nothing;
  return report?.isFinal ? report : null;
}

/**
 * What that call came to, and what it counts as.
 * @returns both in integer nano-USD; `cost` is null when the price is not known
 */
export function lateCost(
  { share = 1 }: LateCostRules,
  provider: Provider,
  asked: LateCall,
  report: LateReport,
): ReturnType<typeof countedCost> {
  const { readAtOnce } = asked;
  const charges = report.charges.map((charge) =>
    typeof readAtOnce === 'number' ? { ...charge, readAtOnce } : charge,
  );
  const { cost, counted } = countedCost(provider, asked, { ...report, charges });
  return { cost: cost === null ? null : Math.ceil(cost * share), counted: Math.ceil(counted * share) };
}
