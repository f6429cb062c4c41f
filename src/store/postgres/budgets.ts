import { and, asc, eq, inArray } from 'drizzle-orm';
import { freshCounter } from '../budget.ts';
import type { BudgetStore } from '../contract/budgets.ts';
import { audit } from './audit.ts';
import { makeCounters, readCounters } from './counters.ts';
import type { Connection } from './open.ts';
import { budgets, rates } from './schema.ts';

export function postgresBudgets({ db, pool, write }: Connection): BudgetStore {
  return {
    async setBudget({ holder, unit, period, limit, strict }, userId, actor) {
      await write(async (tx, at) => {
        const changed = { limit, strict, updatedAt: at };
        await tx
          .insert(budgets)
          .values({ holder, unit, period, ...changed })
          .onConflictDoUpdate({ target: [budgets.holder, budgets.unit, budgets.period], set: changed });
        const detail = { unit, period, limit, strict };
        await audit(tx, { at, actor, action: 'budget.set', subject: holder, userId, detail });
      });
    },

    async removeBudget({ holder, unit, period }, userId, actor) {
      return write(async (tx, at) => {
        const { rowCount } = await tx
          .delete(budgets)
          .where(and(eq(budgets.holder, holder), eq(budgets.unit, unit), eq(budgets.period, period)));
        if (rowCount === 0) return false;
        const detail = { unit, period };
        await audit(tx, { at, actor, action: 'budget.removed', subject: holder, userId, detail });
        return true;
      });
    },

    async listBudgets(holders) {
      const rows = await db
        .select()
        .from(budgets)
        .where(holders === 'all' ? undefined : inArray(budgets.holder, [...holders]))
        .orderBy(asc(budgets.holder), asc(budgets.unit), asc(budgets.period));
      return rows.map(({ updatedAt, ...budget }) => ({ ...budget, provider: null }));
    },

    async readCounters(keys) {
      const ids = keys.map(({ id }) => id);
      await makeCounters(pool, keys, ids);
      const found = new Map((await readCounters(pool, keys)).map((counter) => [counter.id, counter]));
      return ids.map((id) => found.get(id) ?? freshCounter(id));
    },

    async readRates(grantId) {
      return db.select().from(rates).where(eq(rates.grantId, grantId)).orderBy(asc(rates.provider));
    },
  };
}
