import { and, asc, eq, inArray } from 'drizzle-orm';
import type { BudgetStore } from '../contract/budgets.ts';
import { countersOn } from './counters.ts';
import type { Connection } from './open.ts';
import { budgets, rates } from './schema.ts';

export function sqliteBudgets(connection: Connection): BudgetStore {
  const { db, write, audit } = connection;
  const counters = countersOn(connection);

  return {
    async setBudget({ holder, unit, period, limit, strict }, userId, actor) {
      write((at) => {
        const changed = { limit, strict, updatedAt: at };
        db.insert(budgets)
          .values({ holder, unit, period, ...changed })
          .onConflictDoUpdate({ target: [budgets.holder, budgets.unit, budgets.period], set: changed })
          .run();
        audit({
          at,
          actor,
          action: 'budget.set',
          subject: holder,
          userId,
          detail: { unit, period, limit, strict },
        });
      });
    },

    async removeBudget({ holder, unit, period }, userId, actor) {
      return write((at) => {
        const { changes } = db
          .delete(budgets)
          .where(and(eq(budgets.holder, holder), eq(budgets.unit, unit), eq(budgets.period, period)))
          .run();
        if (changes === 0) return false;
        audit({ at, actor, action: 'budget.removed', subject: holder, userId, detail: { unit, period } });
        return true;
      });
    },

    async listBudgets(holders) {
      return db
        .select()
        .from(budgets)
        .where(holders === 'all' ? undefined : inArray(budgets.holder, [...holders]))
        .orderBy(asc(budgets.holder), asc(budgets.unit), asc(budgets.period))
        .all()
        .map(({ updatedAt, ...budget }) => ({ ...budget, provider: null }));
    },

    async readCounters(keys) {
      return keys.length === 0 ? [] : write(() => counters.read(keys));
    },

    async readRates(grantId) {
      return db.select().from(rates).where(eq(rates.grantId, grantId)).orderBy(asc(rates.provider)).all();
    },
  };
}
