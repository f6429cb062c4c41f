import type pg from 'pg';
import {
  type AdmissionRequest,
  type AdmissionResult,
  type AdmissionRow,
  type Decision,
  decide,
  proofReplayed,
  type RateState,
} from '../admission.ts';
import { type LedgerStore, OutcomeUnknown, type Settlement } from '../contract/ledger.ts';
import { isRefusal } from './errors.ts';
import { type Connection, transaction } from './open.ts';
import { databaseClock } from './present.ts';

// Raw statements: on this path drizzle would cost as much as the rest of the call. Each takes a batch as columns.

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
      held.credential
    from unnest($1::text[], $2::text[], $3::text[], $4::text[])
      with ordinality as asked (family_id, kid, provider, proof, position)
    join families on families.id = asked.family_id
    join grants on grants.id = families.grant_id
    join users on users.id = grants.user_id
    join clients on clients.id = grants.client_id
    left join rates on rates.grant_id = grants.id and rates.provider = asked.provider
    left join lateral (
      select json_build_object('id', id, 'version', version, 'sandbox', sandbox, 'status', status) as credential
      from wraps
      cross join lateral (select * from credentials where id = wraps.credential_id offset 0) as credentials
      where holder = grants.id and credentials.provider = asked.provider
      order by id desc limit 1
    ) as held on true`,
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

/**
 * Settles calls ($1 to $7), then writes others as pending ($8 to $19), but not those whose proof ($20, $21) has been used.
 *
 * The lock gives each call as it then is. Looking for pending ones right away would be planned by their small index, which
 * is full of what was settled since the last vacuum.
 */
const writeCalls = {
  name: 'write_calls',
  text: `
    with locked as materialized (
      select id, state from calls where id = any($1) order by id for update
    ), settled as (
      update calls set
        state = 'settled',
        status = given.status,
        outcome = given.outcome,
        usage = given.usage::json,
        cost_nano_usd = given.cost,
        upstream_request_id = given.upstream_request_id,
        ended_at = coalesce($7::bigint, ${databaseClock})
      from locked
      join unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[])
        as given (id, status, outcome, usage, cost, upstream_request_id) using (id)
      where calls.id = locked.id and locked.state = 'pending'
      returning calls.id
    ), fresh as (
      insert into dpop_proofs (hash, expires_at)
      select hash, expires_at from unnest($20::text[], $21::bigint[]) as proof (hash, expires_at)
      where hash is not null
      order by hash
      on conflict do nothing
      returning hash
    ), admitted as (
      insert into calls (
        id, user_id, client_id, grant_id, family_id, credential_id, instance_id,
        provider, route, model, reserved_nano_usd, started_at, state
      )
      select
        id, user_id, client_id, grant_id, family_id, credential_id, instance_id,
        provider, route, model, reserved, started_at, 'pending'
      from unnest(
        $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
        $15::text[], $16::text[], $17::text[], $18::bigint[], $19::bigint[], $20::text[]
      ) as given (
        id, user_id, client_id, grant_id, family_id, credential_id, instance_id,
        provider, route, model, reserved, started_at, proof
      )
      where proof is null or proof in (select hash from fresh)
      returning id
    )
    select id from settled union all select id from admitted`,
};

type ReadAdmission = AdmissionRow & { readonly position: number; readonly now: number };

export function postgresLedger({ pool, givenNow, withClient }: Connection): LedgerStore {
  /** @returns the ids of the calls that were settled, and of those that were admitted */
  const write = async (
    client: Pick<pg.Pool, 'query'>,
    settlements: readonly Settlement[],
    admitted: readonly (readonly unknown[])[],
  ) => {
    const firsts = new Map(settlements.toReversed().map((settlement) => [settlement.callId, settlement]));
    const ended = columns([...firsts.values()].map(settlementValues), 6);
    const values = [...ended, givenNow(), ...columns(admitted, 14)];
    const { rows } = await client.query<{ id: string }>(writeCalls, values);
    return new Set(rows.map(({ id }) => id));
  };

  const judge = async (client: pg.PoolClient, batch: Batch): Promise<Decision> => {
    const asked = batch.map(({ familyId, kid, provider, proof }) => [
      familyId,
      kid,
      provider,
      proof?.hash ?? null,
    ]);
    const { rows } = await client.query<ReadAdmission>(readAdmissions, [...columns(asked, 4), givenNow()]);
    const found = new Map(rows.map((row) => [row.position, row]));
    const inOrder = batch.map((_, index) => found.get(index + 1) ?? null);
    return decide(batch, inOrder, rows[0]?.now ?? 0);
  };

  /** Puts on record what was decided. @returns the results, of which a proof that was used just now may change some */
  const record = async (
    client: pg.PoolClient,
    batch: Batch,
    settlements: readonly Settlement[],
    { results, rates }: Decision,
  ): Promise<readonly AdmissionResult[]> => {
    const admitted = batch.flatMap((call, index) => {
      const result = results[index];
      return result?.kind === 'admitted' ? [callValues(call, result)] : [];
    });
    if (admitted.length === 0 && settlements.length === 0) return results;
    if (rates.length > 0) await client.query(updateRates, columns(rates.map(rateValues), 3));
    const written = await write(client, settlements, admitted);
    return results.map((result, index) =>
      result.kind === 'admitted' && !written.has(batch[index]?.callId ?? '') ? proofReplayed : result,
    );
  };

  /** Admits a batch while nobody else counts calls of these grants. */
  const admitCounted = async (
    client: pg.PoolClient,
    batch: Batch,
    settlements: readonly Settlement[],
    grantIds: readonly string[],
  ): Promise<readonly AdmissionResult[]> => {
    const outcome = await transaction(client, async () => {
      await client.query(lockRates, [grantIds]);
      const decision = await judge(client, batch);
      const others = grantsOf(decision).filter((id) => !grantIds.includes(id));
      // A grant may have got its rate just now: it has to be locked as well, in its place.
      if (others.length > 0) return { kind: 'others', others } as const;
      return { kind: 'done', results: await record(client, batch, settlements, decision) } as const;
    });
    if (outcome.kind === 'done') return outcome.results;
    return admitCounted(client, batch, settlements, [...grantIds, ...outcome.others]);
  };

  return {
    async admit(batch, settlements = []) {
      return withClient(async (client) => {
        const decision = await judge(client, batch);
        const grantIds = grantsOf(decision);
        // Only where a rate lets a call through can another instance be about to count one as well.
        const admission =
          grantIds.length > 0
            ? admitCounted(client, batch, settlements, grantIds)
            : record(client, batch, settlements, decision);
        return admission.catch((error: unknown) => {
          throw isRefusal(error) ? error : new OutcomeUnknown('the calls may be on record', { cause: error });
        });
      });
    },

    async settle(batch) {
      if (batch.length === 0) return [];
      const settled = await write(pool, batch, []);
      return batch.map(({ callId }) => settled.delete(callId));
    },
  };
}

type Batch = readonly AdmissionRequest[];
type Admitted = Extract<AdmissionResult, { kind: 'admitted' }>;

function callValues(call: AdmissionRequest, admitted: Admitted): readonly unknown[] {
  return [
    call.callId,
    admitted.userId,
    admitted.clientId,
    admitted.grantId,
    call.familyId,
    admitted.credential.id,
    call.instanceId,
    call.provider,
    call.route,
    call.model,
    call.reservedNanoUsd,
    admitted.startedAt,
    call.proof?.hash ?? null,
    call.proof?.expiresAt ?? null,
  ];
}

function rateValues({ grantId, provider, theoreticalArrivalAt }: RateState): readonly unknown[] {
  return [grantId, provider, theoreticalArrivalAt];
}

/** The grants under whose rates calls are admitted. */
function grantsOf({ rates }: Decision): readonly string[] {
  return rates.map(({ grantId }) => grantId);
}

function settlementValues({ callId, status, outcome, usage, ...rest }: Settlement): readonly unknown[] {
  const counted = usage && JSON.stringify(usage);
  return [callId, status, outcome, counted, rest.costNanoUsd, rest.upstreamRequestId];
}

/** Rows as the columns that a statement takes: each one parameter, also of no rows. */
function columns(rows: readonly (readonly unknown[])[], count: number): unknown[][] {
  return Array.from({ length: count }, (_, column) => rows.map((row) => row[column]));
}
