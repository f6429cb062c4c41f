import type pg from 'pg';
import type { AdmissionRequest, AdmissionResult } from '../admission.ts';
import { largestAmount } from '../budget.ts';
import type { Settlement } from '../contract/ledger.ts';
import { columns } from './columns.ts';
import type { Connection } from './open.ts';
import { databaseClock } from './present.ts';

/**
 * Settles calls ($1 to $10) with their counters, then writes others as pending ($11 to $24), but not those whose proof ($25,
 * $26) has been used.
 *
 * The locks give each call and each counter as it then is. Looking for pending calls right away would be planned by their
 * small index, which is full of what was settled since the last vacuum.
 */
const writeCalls = {
  name: 'write_calls',
  text: `
    with given as materialized (
      select * from unnest(
        $1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::boolean[],
        $9::text[]
      ) as given (id, status, outcome, usage, cost, upstream_request_id, counted, is_estimated, flags)
    ), locked as materialized (
      select id, state, reserved_nano_usd as reserved, holds from calls where id = any($1) order by id for update
    ), due as materialized (
      select
        hold.counter as id,
        sum(
          case hold.unit when 'nano_usd' then reserved when 'calls' then coalesce(hold.calls, 1) else 1 end
        )::bigint as released,
        sum(
          case hold.unit
            when 'calls_at_once' then 0
            when 'calls' then (outcome <> 'not_sent')::int * coalesce(hold.calls, 1)
            else coalesce(case when not (hold.strict and is_estimated) then counted end, reserved)
          end
        )::bigint as counted
      from locked
      join given using (id)
      cross join lateral json_to_recordset(holds) as hold (
        counter text, unit text, strict boolean, calls int
      )
      where state = 'pending'
      group by 1
    ), owed as materialized (
      select counters.id from counters join due using (id) order by counters.id for no key update of counters
    ), counted as (
      update counters set
        spent = least(spent + due.counted, ${largestAmount}),
        reserved = reserved - due.released
      from due join owed using (id)
      where counters.id = due.id
    ), settled as (
      update calls set
        state = 'settled',
        status = given.status,
        outcome = given.outcome,
        usage = given.usage::json,
        cost_nano_usd = given.cost,
        counted_nano_usd = coalesce(given.counted, reserved_nano_usd),
        upstream_request_id = given.upstream_request_id,
        flags = given.flags,
        ended_at = coalesce($10::bigint, ${databaseClock})
      from locked
      join given using (id)
      where calls.id = locked.id and locked.state = 'pending'
      returning calls.id
    ), fresh as (
      insert into dpop_proofs (hash, expires_at)
      select hash, expires_at from unnest($25::text[], $26::bigint[]) as proof (hash, expires_at)
      where hash is not null
      order by hash
      on conflict do nothing
      returning hash
    ), admitted as (
      insert into calls (
        id, user_id, client_id, grant_id, family_id, credential_id, payer, instance_id,
        provider, route, model, reserved_nano_usd, holds, started_at, state
      )
      select
        id, user_id, client_id, grant_id, family_id, credential_id, payer, instance_id,
        provider, route, model, reserved, holds::json, started_at, 'pending'
      from unnest(
        $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],
        $18::text[], $19::text[], $20::text[], $21::text[], $22::bigint[], $23::text[], $24::bigint[], $25::text[]
      ) as given (
        id, user_id, client_id, grant_id, family_id, credential_id, payer, instance_id,
        provider, route, model, reserved, holds, started_at, proof
      )
      where proof is null or proof in (select hash from fresh)
      returning id
    )
    select id from settled union all select id from admitted`,
};

/** A call with what was decided about it. */
export interface AdmittedCall {
  readonly request: AdmissionRequest;
  readonly result: Extract<AdmissionResult, { readonly kind: 'admitted' }>;
}

/**
 * Settles calls, and puts others on record as pending, in one statement.
 * @returns the ids of the calls that were settled, and of those that are on record
 */
export async function writeCallRecords(
  client: Pick<pg.Pool, 'query'>,
  { givenNow }: Pick<Connection, 'givenNow'>,
  settlements: readonly Settlement[],
  admitted: readonly AdmittedCall[],
): Promise<Set<string>> {
  const firsts = new Map(settlements.toReversed().map((settlement) => [settlement.callId, settlement]));
  const ended = columns([...firsts.values()].map(settlementValues), 9);
  const values = [...ended, givenNow(), ...columns(admitted.map(callValues), 16)];
  const { rows } = await client.query<{ id: string }>(writeCalls, values);
  return new Set(rows.map(({ id }) => id));
}

function callValues({ request: call, result }: AdmittedCall): readonly unknown[] {
  return [
    call.callId,
    result.userId,
    result.clientId,
    result.grantId,
    call.familyId,
    result.credential.id,
    result.payer,
    call.instanceId,
    call.provider,
    call.route,
    call.model,
    result.reservedNanoUsd,
    result.holds.length > 0 ? JSON.stringify(result.holds) : null,
    result.startedAt,
    call.proof?.hash ?? null,
    call.proof?.expiresAt ?? null,
  ];
}

function settlementValues({ callId, status, outcome, usage, ...rest }: Settlement): readonly unknown[] {
  const counted = usage && JSON.stringify(usage);
  const { costNanoUsd, upstreamRequestId, countedNanoUsd, isEstimated, flags = null } = rest;
  return [
    callId,
    status,
    outcome,
    counted,
    costNanoUsd,
    upstreamRequestId,
    countedNanoUsd,
    isEstimated,
    flags,
  ];
}
