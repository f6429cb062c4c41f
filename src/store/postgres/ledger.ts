import { type AdmissionRequest, type AdmissionResult, type AdmissionRow, decide } from '../admission.ts';
import { type LedgerStore, OutcomeUnknown } from '../store.ts';
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

const insertCalls = {
  name: 'insert_calls',
  text: `
    insert into calls (
      id, user_id, client_id, grant_id, family_id, credential_id, instance_id,
      provider, route, model, reserved_nano_usd, started_at, state
    )
    select *, 'pending' from unnest(
      $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
      $8::text[], $9::text[], $10::text[], $11::bigint[], $12::bigint[]
    )`,
};

/**
 * The lock gives each call as it then is. Looking for pending ones right away would be planned by their small index, which
 * is full of what was settled since the last vacuum.
 */
const settleCalls = {
  name: 'settle_calls',
  text: `
    with locked as materialized (
      select id, state from calls where id = any($1) order by id for update
    )
    update calls set
      state = 'settled',
      status = settled.status,
      outcome = settled.outcome,
      usage = settled.usage::json,
      cost_nano_usd = settled.cost,
      upstream_request_id = settled.upstream_request_id,
      ended_at = coalesce($7::bigint, ${databaseClock})
    from locked
    join unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[])
      as settled (id, status, outcome, usage, cost, upstream_request_id) using (id)
    where calls.id = locked.id and locked.state = 'pending'
    returning calls.id`,
};

type ReadAdmission = AdmissionRow & { readonly position: number; readonly now: number };

export function postgresLedger({ pool, givenNow, withClient }: Connection): LedgerStore {
  return {
    async admit(batch) {
      if (batch.length === 0) return [];
      return withClient(async (client) => {
        const asked = batch.map(({ familyId, kid, provider }) => [familyId, kid, provider]);
        const { rows } = await client.query<ReadAdmission>(readAdmissions, [...columns(asked), givenNow()]);
        const found = new Map(rows.map((row) => [row.position, row]));
        const inOrder = batch.map((_, index) => found.get(index + 1) ?? null);
        const results = decide(batch, inOrder, rows[0]?.now ?? 0);
        const admitted = batch.flatMap((call, index) => {
          const result = results[index];
          return result?.kind === 'admitted' ? [callValues(call, result)] : [];
        });
        if (admitted.length > 0) {
          await client.query(insertCalls, columns(admitted)).catch((error: unknown) => {
            throw isRefusal(error)
              ? error
              : new OutcomeUnknown('the calls may be on record', { cause: error });
          });
        }
        return results;
      });
    },

    async settle(batch) {
      const firsts = new Map(batch.toReversed().map((settlement) => [settlement.callId, settlement]));
      const values = [...firsts.values()].map(({ callId, status, outcome, usage, ...rest }) => [
        callId,
        status,
        outcome,
        usage && JSON.stringify(usage),
        rest.costNanoUsd,
        rest.upstreamRequestId,
      ]);
      if (values.length === 0) return [];
      const { rows } = await pool.query<{ id: string }>(settleCalls, [...columns(values), givenNow()]);
      const settled = new Set(rows.map(({ id }) => id));
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
  ];
}

function columns(rows: readonly (readonly unknown[])[]): unknown[][] {
  return rows[0]?.map((_, column) => rows.map((row) => row[column])) ?? [];
}
