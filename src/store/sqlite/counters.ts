import { firstId } from '../../lib/ids.ts';
import type { BudgetNotice } from '../admission.ts';
import {
  amountCounted,
  amountHeld,
  type Counter,
  type CounterKey,
  type Hold,
  largestAmount,
} from '../budget.ts';
import { usedBefore } from '../counter_seed.ts';
import { noticeEvent } from '../notice_event.ts';
import type { CallOutcome } from '../records.ts';
import type { Connection } from './open.ts';

/** A settled call, as far as counters are concerned. */
export interface SettledCall {
  readonly outcome: CallOutcome;
  readonly holds: readonly Hold[];
  readonly reservedNanoUsd: number;
  readonly countedNanoUsd: number | null;
  readonly isEstimated: boolean;
}

/** The counters of budgets. Everything here is to be called inside of a transaction. */
export interface Counters {
  /** Where they stand. One that is not there yet is made, and begins with what has been used in its time already. */
  read(keys: readonly CounterKey[]): readonly Counter[];
  hold(holds: readonly Hold[], reservedNanoUsd: number): void;
  /** Counts what calls came to in the place of what they held. */
  settle(call: SettledCall): void;
  /** Counts a settled call as something else than before. */
  recount(before: SettledCall, after: SettledCall): void;
  /** Puts on record what was not yet. @returns what that was */
  note(notices: readonly BudgetNotice[], now: number): readonly BudgetNotice[];
}

export function countersOn({ client, audit }: Connection): Counters {
  const find = client.prepare<[string], Counter>(
    'SELECT id, spent, reserved, noticed FROM counters WHERE id = ?',
  );
  const insert = client.prepare('INSERT INTO counters (id, ends_at, spent, reserved) VALUES (?, ?, ?, 0)');
  const add = client.prepare(
    `UPDATE counters SET spent = min(spent + ?, ${largestAmount}), reserved = reserved + ? WHERE id = ?`,
  );
  const change = client.prepare(
    `UPDATE counters SET spent = max(0, min(spent + ?, ${largestAmount})) WHERE id = ?`,
  );
  const raise = client.prepare('UPDATE counters SET noticed = ? WHERE id = ? AND noticed < ?');
  const lower = client.prepare('UPDATE counters SET noticed = ? WHERE id = ? AND noticed > ?');

  const make = (key: CounterKey): Counter => {
    const { id, holder, provider, startsAt, endsAt } = key;
    const seed = usedBefore(key);
    const spent =
      seed === null
        ? 0
        : client
            .prepare<unknown[], number>(
              `SELECT cast(min(total(${seed.amount}), ${largestAmount}) AS INTEGER) FROM calls
               WHERE ${seed.column} = ? AND id >= ? AND started_at >= ? AND provider = coalesce(?, provider)`,
            )
            .pluck()
            .get(holder, firstId('call', seed.madeAfter), startsAt, provider);
    insert.run(id, endsAt, spent ?? 0);
    return { id, spent: spent ?? 0, reserved: 0, noticed: 0 };
  };

  return {
    read: (keys) => keys.map((key) => find.get(key.id) ?? make(key)),

    hold(holds, reservedNanoUsd) {
      for (const hold of holds) add.run(0, amountHeld(hold, reservedNanoUsd), hold.counter);
    },

    settle(call) {
      for (const hold of call.holds) {
        add.run(amountCounted(hold, call), -amountHeld(hold, call.reservedNanoUsd), hold.counter);
      }
    },

    recount(before, after) {
      for (const hold of before.holds) {
        change.run(amountCounted(hold, after) - amountCounted(hold, before), hold.counter);
      }
    },

    note(notices, now) {
      const fresh = notices.filter(({ counterId, percent, isNews }) => {
        const { changes } = (isNews ? raise : lower).run(percent, counterId, percent);
        return isNews && changes > 0;
      });
      for (const one of fresh) audit(noticeEvent(one, now));
      return fresh;
    },
  };
}
