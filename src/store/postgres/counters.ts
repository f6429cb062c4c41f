import { and, eq, gt, lt } from 'drizzle-orm';
import type pg from 'pg';
import { firstId } from '../../lib/ids.ts';
import type { AdmissionResult, BudgetNotice } from '../admission.ts';
import { amountHeld, type Counter, type CounterKey, largestAmount } from '../budget.ts';
import { usedBefore } from '../counter_seed.ts';
import { noticeEvent } from '../notice_event.ts';
import { audit } from './audit.ts';
import { columns } from './columns.ts';
import type { Session } from './open.ts';
import { counters } from './schema.ts';

// Raw statements: on this path drizzle would cost as much as the rest of the call.

const findCounters = {
  name: 'find_counters',
  text: 'select id, spent, reserved, noticed from counters where id = any($1)',
};

const lock = {
  name: 'lock_counters',
  text: 'select from counters where id = any($1) order by id for no key update',
};

const addHolds = {
  name: 'add_holds',
  text: `
    update counters set reserved = reserved + given.amount
    from (
      select id, sum(amount)::bigint as amount
      from unnest($1::text[], $2::bigint[]) as hold (id, amount)
      group by id
    ) as given
    where counters.id = given.id`,
};

type Client = Pick<pg.Pool, 'query'>;

/** Where counters stand; one that is missing has not been made yet. */
export async function readCounters(client: Client, keys: readonly CounterKey[]): Promise<readonly Counter[]> {
  if (keys.length === 0) return [];
  const { rows } = await client.query<Counter>(findCounters, [keys.map(({ id }) => id)]);
  return rows;
}

/** Nobody else counts with these until the transaction ends. */
export async function lockCounters(client: Client, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await client.query(lock, [ids]);
}

/**
 * Makes counters that are not there yet; each begins with what has been used in its time already. Not in a transaction that
 * locks others: they would be locked out of their order.
 * @param ids those of the keys that are wanted
 */
export async function makeCounters(
  client: Client,
  keys: readonly CounterKey[],
  ids: readonly string[],
): Promise<void> {
  const there = new Set((await readCounters(client, keys)).map(({ id }) => id));
  for (const key of keys) {
    if (ids.includes(key.id) && !there.has(key.id)) await make(client, key);
  }
}

async function make(client: Client, key: CounterKey): Promise<void> {
  const { id, holder, provider, startsAt, endsAt } = key;
  const seed = usedBefore(key);
  const insert = 'insert into counters (id, ends_at, reserved, spent)';
  if (seed === null) {
    await client.query(`${insert} values ($1, $2, 0, 0) on conflict do nothing`, [id, endsAt]);
    return;
  }
  await client.query(
    `${insert}
     select $1, $2::bigint, 0, least(coalesce(sum(${seed.amount}), 0), ${largestAmount}) from calls
     where ${seed.column} = $3 and id >= $4 and started_at >= $5 and provider = coalesce($6, provider)
     on conflict do nothing`,
    [id, endsAt, holder, firstId('call', seed.madeAfter), startsAt, provider],
  );
}

type Admitted = Extract<AdmissionResult, { readonly kind: 'admitted' }>;

/** Notes what admitted calls hold. To be called in the transaction that has locked it. */
export async function hold(client: Client, admitted: readonly Admitted[]): Promise<void> {
  const held = admitted.flatMap(({ holds, reservedNanoUsd }) =>
    holds.map((one) => [one.counter, amountHeld(one, reservedNanoUsd)]),
  );
  if (held.length > 0) await client.query(addHolds, columns(held, 2));
}

/** Puts on record what was not yet. @returns what that was */
export async function putNotices(
  tx: Session,
  notices: readonly BudgetNotice[],
  now: number,
): Promise<readonly BudgetNotice[]> {
  const fresh: BudgetNotice[] = [];
  const inOrder = notices.toSorted((a, b) => (a.counterId < b.counterId ? -1 : 1));
  for (const notice of inOrder) {
    const { counterId, percent, isNews } = notice;
    const isChange = (isNews ? lt : gt)(counters.noticed, percent);
    const { rowCount } = await tx
      .update(counters)
      .set({ noticed: percent })
      .where(and(eq(counters.id, counterId), isChange));
    if (rowCount === 1 && isNews) fresh.push(notice);
  }
  await audit(tx, ...fresh.map((notice) => noticeEvent(notice, now)));
  return fresh;
}
