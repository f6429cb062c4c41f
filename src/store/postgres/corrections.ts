import { largestAmount } from '../budget.ts';
import type { Correction } from '../contract/ledger.ts';
import type { Connection } from './open.ts';

/** Locks as settlement does, the call and then its counters, each as it then is. */
const correctCall = {
  name: 'correct_call',
  text: `
    with given as (select $2::bigint as cost, $3::bigint as counted),
    assumed as materialized (
      select
        id, holds, reserved_nano_usd as reserved, counted_nano_usd as before,
        case when cost is null then least(counted, reserved_nano_usd) else counted end as counted
      from calls cross join given
      where id = $1 and state = 'settled' and usage is null and (cost_nano_usd is null or outcome = 'lost')
      for update of calls
    ), due as materialized (
      select hold.counter as id, sum(counted - case when hold.strict then reserved else before end)::bigint as difference
      from assumed cross join lateral json_to_recordset(holds) as hold (counter text, unit text, strict boolean)
      where hold.unit = 'nano_usd'
      group by 1
    ), owed as materialized (
      select counters.id from counters join due using (id) order by counters.id for no key update of counters
    ), recounted as (
      update counters set spent = greatest(0, least(spent + due.difference, ${largestAmount}))
      from due join owed using (id)
      where counters.id = due.id
    )
    update calls set usage = $4::json, cost_nano_usd = given.cost, counted_nano_usd = assumed.counted
    from assumed cross join given
    where calls.id = assumed.id`,
};

/** @returns whether the call had something to be corrected */
export async function correct(
  { pool }: Pick<Connection, 'pool'>,
  { callId, usage, costNanoUsd, countedNanoUsd }: Correction,
): Promise<boolean> {
  const values = [callId, costNanoUsd, countedNanoUsd, JSON.stringify(usage)];
  const { rowCount } = await pool.query({ ...correctCall, values });
  return rowCount === 1;
}
