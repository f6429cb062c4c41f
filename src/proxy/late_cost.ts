import { type LateCall, lateCost, readLateUsage } from '../catalog/late_cost.ts';
import { largestAmount } from '../store/budget.ts';
import type { Store } from '../store/store.ts';
import type { Admission } from './admit.ts';

/**
 * Corrects what an earlier call counts as by what answers tell of it, before the app sees them.
 * @returns null when they tell nothing of that
 */
export type LateCostRecord = (answers: readonly unknown[]) => Promise<void> | null;

/** For the answers to one admitted call. */
export function createLateCostRecord(
  { objects, ledger }: Pick<Store, 'objects' | 'ledger'>,
  { grantId, provider, match }: Admission,
): LateCostRecord {
  const { lateCost: rules } = match.route;
  const made = rules && match.objects.find(({ kind }) => kind === rules.kind);
  if (!made) return () => null;
  const { kind, id } = made;

  const record = async (report: NonNullable<ReturnType<typeof readLateUsage>>) => {
    const object = await objects.findObject(grantId, provider.name, { kind, id });
    if (!object?.detail) return;
    const { cost, counted } = lateCost(rules, provider, object.detail as LateCall, report);
    await ledger.correct({
      callId: object.callId,
      usage: report.usage,
      costNanoUsd: cost === null ? null : Math.min(cost, largestAmount),
      countedNanoUsd: Math.min(counted, largestAmount),
    });
  };

  return (answers) => {
    const report = answers.map((answer) => readLateUsage(rules, id, answer)).findLast((one) => one !== null);
    return report ? record(report) : null;
  };
}
