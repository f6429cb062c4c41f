import type { BudgetNotice } from './admission.ts';
import type { AuditEntry } from './audit.ts';

/** What the trail keeps of a budget that has reached a milestone. */
export function noticeEvent({ budget, userId, percent }: BudgetNotice, at: number): AuditEntry {
  const { holder, provider, unit, period, limit } = budget;
  return {
    at,
    actor: { kind: 'system' },
    action: 'budget.reached',
    subject: holder,
    userId,
    detail: { percent, provider, unit, period, limit },
  };
}
