import type pg from 'pg';
import {
  type AdmissionRequest,
  type AdmissionResult,
  type AdmissionRow,
  decide,
  proofReplayed,
} from '../admission.ts';
import { type LedgerStore, OutcomeUnknown, type Settlement } from '../contract/ledger.ts';
import { isRefusal } from './errors.ts';
import type { Connection } from './open.ts';
import { databaseClock } from './present.ts';

// Raw statements: on this path drizzle would cost as much as the rest of the call. Each takes a batch as columns.

const readAdmissions = {
  name: 'read_admissions',
  text: `
    select
      asked.position,
      coalesce($4::bigint, ${databaseClock}) as now,
      families.scope as "familyScope",
      families.revoked_at is not null or grants.revoked_at is not null as revoked,
      grants.id as "grantId",
      grants.user_id as "userId",
      grants.client_id as "clientId",
      grants.scope as "grantScope",
      grants.expires_at as "expiresAt",
      users.status as "userStatus",
      case when clients.deleted_at is null then clients.status else 'deleted' end as "clientStatus",
      exists (select from signing_keys where kid = asked.kid and withdrawn_at is null) as "keyStands",
      held.credential
    from unnest($1::text[], $2::text[], $3::text[]) with ordinality as asked (family_id, kid, provider, position)
    join families on families.id = asked.family_id
    join grants on grants.id = families.grant_id
    join users on users.id = grants.user_id
    join clients on clients.id = grants.client_id
    left join lateral (
      select json_build_object('id', id, 'version', version, 'sandbox', sandbox, 'status', status) as credential
      from wraps
      cross join lateral (select * from credentials where id = wraps.credential_id offset 0) as credentials
      where holder = grants.id and credentials.provider = asked.provider
      order by id desc limit 1
    ) as held on true`,
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

  return {
    async admit(batch, settlements = []) {
      return withClient(async (client) => {
        const asked = batch.map(({ familyId, kid, provider }) => [familyId, kid, provider]);
        const { rows } = await client.query<ReadAdmission>(readAdmissions, [
          ...columns(asked, 3),
          givenNow(),
        ]);
        const found = new Map(rows.map((row) => [row.position, row]));
        const inOrder = batch.map((_, index) => found.get(index + 1) ?? null);
        const decided = decide(batch, inOrder, rows[0]?.now ?? 0);
        const admitted = batch.flatMap((call, index) => {
          const result = decided[index];
          return result?.kind === 'admitted' ? [callValues(call, result)] : [];
        });
        if (admitted.length === 0 && settlements.length === 0) return decided;
        const written = await write(client, settlements, admitted).catch((error: unknown) => {
          throw isRefusal(error) ? error : new OutcomeUnknown('the calls may be on record', { cause: error });
        });
        return decided.map((result, index) =>
          result.kind === 'admitted' && !written.has(batch[index]?.callId ?? '') ? proofReplayed : result,
        );
      });
    },

    async settle(batch) {
      if (batch.length === 0) return [];
      const settled = await write(pool, batch, []);
      return batch.map(({ callId }) => settled.delete(callId));
    },
  };
}

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

function settlementValues({ callId, status, outcome, usage, ...rest }: Settlement): readonly unknown[] {
  const counted = usage && JSON.stringify(usage);
  return [callId, status, outcome, counted, rest.costNanoUsd, rest.upstreamRequestId];
}

/** Rows as the columns that a statement takes: each one parameter, also of no rows. */
function columns(rows: readonly (readonly unknown[])[], count: number): unknown[][] {
  return Array.from({ length: count }, (_, column) => rows.map((row) => row[column]));
}
