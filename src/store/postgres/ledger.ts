import type pg from 'pg';
import type { AdmissionRequest, AdmissionResult, AdmissionRow, Decision, RateState } from '../admission.ts';
import type { CounterKey } from '../budget.ts';
import { type LedgerStore, OutcomeUnknown, type Settlement } from '../contract/ledger.ts';
import { countersFor, decide, proofReplayed } from '../decide.ts';
import { writeCallRecords } from './call_records.ts';
import { columns } from './columns.ts';
import { correct } from './corrections.ts';
import { hold, lockCounters, makeCounters, putNotices, readCounters } from './counters.ts';
import { isRefusal } from './errors.ts';
import { type Connection, transaction } from './open.ts';
import { databaseClock } from './present.ts';

// Raw statements: on this path drizzle would cost as much as the rest of the call. Each takes a batch as columns.

/** The newest key of the provider asked for that this holder has a wrap of, with what else it takes. */
const newestHeldBy = (holder: string, condition = 'true') => `(
      select json_build_object(
        'id', id, 'userId', user_id, 'version', version, 'sandbox', sandbox, 'status', status, 'exhaustedAt', exhausted_at
      ) as credential
      from wraps
      cross join lateral (select * from credentials where id = wraps.credential_id offset 0) as credentials
      where holder = ${holder} and credentials.provider = asked.provider and ${condition} and (
        credentials.expires_at is null or (credentials.expires_at > coalesce($5::bigint, ${databaseClock}) and (
          session_hash is null or exists (select from sessions where hash = credentials.session_hash)
        ))
      )
      order by id desc limit 1
    )`;

/** Where the user was told so. A test costs nobody anything, and somebody who is suspended pays for nothing. */
const appPays = `not grants.test and grants.paid_by_app::jsonb ? asked.provider and exists (
        select from users as owners where owners.id = credentials.user_id and owners.status = 'active'
      )`;

const readAdmissions = {
  name: 'read_admissions',
  text: `
    select
      asked.position,
      coalesce($5::bigint, ${databaseClock}) as now,
      families.scope as "familyScope",
      families.revoked_at is not null or grants.revoked_at is not null as revoked,
      grants.id as "grantId",
      grants.user_id as "userId",
      grants.client_id as "clientId",
      grants.scope as "grantScope",
      grants.authorization_details as "authorizationDetails",
      rates.theoretical_arrival_at as "theoreticalArrivalAt",
      grants.expires_at as "expiresAt",
      users.status as "userStatus",
      case when clients.deleted_at is null then clients.status else 'deleted' end as "clientStatus",
      exists (select from signing_keys where kid = asked.kid and withdrawn_at is null) as "keyStands",
      exists (select from dpop_proofs where hash = asked.proof) as "proofIsUsed",
      (
        select json_agg(json_build_object(
          'holder', holder, 'provider', null, 'unit', unit, 'period', period, 'limit', limit_amount, 'strict', strict
        ))
        from budgets where holder in (
          grants.user_id, grants.client_id, held.credential->>'id', lent.credential->>'id'
        )
      ) as budgets,
      clients.pays_when_used_up as "paysWhenUsedUp",
      clients.moderation,
      clients.required_moderation as "requiredModeration",
      held.credential,
      lent.credential as fallback
    from unnest($1::text[], $2::text[], $3::text[], $4::text[])
      with ordinality as asked (family_id, kid, provider, proof, position)
    join families on families.id = asked.family_id
    join grants on grants.id = families.grant_id
    join users on users.id = grants.user_id
    join clients on clients.id = grants.client_id
    left join rates on rates.grant_id = grants.id and rates.provider = asked.provider
    left join lateral ${newestHeldBy('grants.id')} as held on true
    left join lateral ${newestHeldBy('clients.id', appPays)} as lent on true`,
};

const lockRates = {
  name: 'lock_rates',
  text: `select from rates where grant_id = any($1) order by grant_id, provider for no key update`,
};

const updateRates = {
  name: 'update_rates',
  text: `
    update rates set theoretical_arrival_at = given.theoretical_arrival_at
    from unnest($1::text[], $2::text[], $3::bigint[]) as given (grant_id, provider, theoretical_arrival_at)
    where rates.grant_id = given.grant_id and rates.provider = given.provider`,
};

type ReadAdmission = Omit<AdmissionRow, 'budgets'> & {
  readonly position: number;
  readonly now: number;
  readonly budgets: AdmissionRow['budgets'] | null;
};

/** What a batch comes to, and the counters that are there for it. */
interface Judgement extends Decision {
  readonly keys: readonly CounterKey[];
}

/** What nobody else may count meanwhile. */
interface Locks {
  readonly counterIds: readonly string[];
  /** Those whose rates count. */
  readonly grantIds: readonly string[];
}

export function postgresLedger(connection: Connection): LedgerStore {
  const { pool, givenNow, withClient, writeOn } = connection;

  const judge = async (client: pg.PoolClient, batch: Batch): Promise<Judgement> => {
    const asked = batch.map(({ familyId, kid, provider, proof }) => [
      familyId,
      kid,
      provider,
      proof?.hash ?? null,
    ]);
    const { rows } = await client.query<ReadAdmission>(readAdmissions, [...columns(asked, 4), givenNow()]);
    const found = new Map(rows.map((row) => [row.position, { ...row, budgets: row.budgets ?? [] }]));
    const inOrder = batch.map((_, index) => found.get(index + 1) ?? null);
    const now = rows[0]?.now ?? 0;
    const keys = countersFor(batch, inOrder, now);
    return { ...decide(batch, inOrder, await readCounters(client, keys), now), keys };
  };

  /** Puts on record what was decided. @returns the results, of which a proof that was used just now may change some */
  const record = async (
    client: pg.PoolClient,
    batch: Batch,
    settlements: readonly Settlement[],
    { results, rates }: Decision,
  ): Promise<readonly AdmissionResult[]> => {
    const admitted = batch.flatMap((request, index) => {
      const result = results[index];
      return result?.kind === 'admitted' ? [{ request, result }] : [];
    });
    if (admitted.length === 0 && settlements.length === 0) return results;
    if (rates.length > 0) await client.query(updateRates, columns(rates.map(rateValues), 3));
    const written = await writeCallRecords(client, connection, settlements, admitted);
    const stand = admitted.filter(({ request }) => written.has(request.callId));
    await hold(
      client,
      stand.map(({ result }) => result),
    );
    return results.map((result, index) =>
      result.kind === 'admitted' && !written.has(batch[index]?.callId ?? '') ? proofReplayed : result,
    );
  };

  /** Admits a batch while nobody else counts calls with these. */
  const admitCounted = async (
    client: pg.PoolClient,
    batch: Batch,
    locks: Locks,
  ): Promise<readonly AdmissionResult[]> => {
    const outcome = await transaction(client, async () => {
      await lockCounters(client, locks.counterIds);
      if (locks.grantIds.length > 0) await client.query(lockRates, [locks.grantIds]);
      const judgement = await judge(client, batch);
      const all = union(locks, locksFor(judgement));
      // A grant may have got a limit just now, or a day may have begun: that has to be locked as well, in its place.
      const isLocked = sizeOf(all) === sizeOf(locks);
      if (!isLocked) return { kind: 'more', all, keys: judgement.keys } as const;
      return { kind: 'done', results: await record(client, batch, [], judgement) } as const;
    });
    if (outcome.kind === 'done') return outcome.results;
    await makeCounters(client, outcome.keys, outcome.all.counterIds);
    return admitCounted(client, batch, outcome.all);
  };

  return {
    async admit(batch, settlements = [], onNotice = () => {}) {
      return withClient(async (client) => {
        let due = settlements;
        let judgement = await judge(client, batch);
        if (due.length > 0 && waitsForOthers(judgement)) {
          // What it waits for may be among what is settled here.
          await writeCallRecords(client, connection, due, []);
          due = [];
          judgement = await judge(client, batch);
        }
        const locks = locksFor(judgement);
        if (judgement.notices.length > 0) {
          const { notices } = judgement;
          const fresh = await writeOn(client, (tx, now) => putNotices(tx, notices, now));
          for (const notice of fresh) onNotice(notice);
        }
        // Only where a limit lets a call through can another instance be about to count one as well.
        const admit = async () => {
          if (sizeOf(locks) === 0) return record(client, batch, due, judgement);
          // Not in the same transaction: what settled calls hold would be locked out of its order.
          if (due.length > 0) await writeCallRecords(client, connection, due, []);
          await makeCounters(client, judgement.keys, locks.counterIds);
          return admitCounted(client, batch, locks);
        };
        return admit().catch((error: unknown) => {
          throw isRefusal(error) ? error : new OutcomeUnknown('the calls may be on record', { cause: error });
        });
      });
    },

    async settle(batch) {
      if (batch.length === 0) return [];
      const settled = await writeCallRecords(pool, connection, batch, []);
      return batch.map(({ callId }) => settled.delete(callId));
    },

    async correct(correction) {
      return correct(connection, correction);
    },
  };
}

type Batch = readonly AdmissionRequest[];

/** Whether a call is refused for what other calls hold. */
function waitsForOthers({ results }: Decision): boolean {
  return results.some((result) => result.kind === 'refused' && result.reason === 'budget_reserved');
}

/** What the admitted calls of a batch count against. */
function locksFor({ results, rates }: Decision): Locks {
  const holds = results.flatMap((result) => (result.kind === 'admitted' ? result.holds : []));
  return {
    counterIds: unique(holds.map(({ counter }) => counter)),
    grantIds: unique(rates.map(({ grantId }) => grantId)),
  };
}

function union(ones: Locks, others: Locks): Locks {
  return {
    counterIds: unique([...ones.counterIds, ...others.counterIds]),
    grantIds: unique([...ones.grantIds, ...others.grantIds]),
  };
}

function unique(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)];
}

function sizeOf({ counterIds, grantIds }: Locks): number {
  return counterIds.length + grantIds.length;
}

function rateValues({ grantId, provider, theoreticalArrivalAt }: RateState): readonly unknown[] {
  return [grantId, provider, theoreticalArrivalAt];
}
