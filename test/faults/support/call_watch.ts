import type { Home } from '../../support/home.ts';

/** What a call without a reservation is given as one. */
const reservation = 4_200_000;

const onSqlite = [
  'create table settlements (call_id text)',
  `create trigger reserve after insert on calls when new.reserved_nano_usd = 0 begin
     update calls set reserved_nano_usd = ${reservation} where id = new.id;
   end`,
  `create trigger note_settlement after update on calls when new.state = 'settled' begin
     insert into settlements values (new.id);
   end`,
];

const onPostgres = [
  'create table settlements (call_id text)',
  `create function reserve() returns trigger language plpgsql as
     'begin new.reserved_nano_usd := ${reservation}; return new; end'`,
  `create trigger reserve before insert on calls for each row when (new.reserved_nano_usd = 0)
     execute function reserve()`,
  `create function note_settlement() returns trigger language plpgsql as
     'begin insert into settlements values (new.id); return new; end'`,
  `create trigger note_settlement after update on calls for each row when (new.state = 'settled')
     execute function note_settlement()`,
];

/**
 * Has the database itself take down every write that leaves a call settled, and gives a reservation to each call that the
 * broker makes none for.
 */
export async function watchCalls(home: Home): Promise<void> {
  for (const statement of home.store === 'postgres' ? onPostgres : onSqlite) await home.query(statement);
}

/** The calls that were written as settled more than once. */
export async function settledTwice(home: Home): Promise<readonly string[]> {
  const rows = await home.query<{ call_id: string }>(
    'select call_id from settlements group by call_id having count(*) > 1',
  );
  return rows.map(({ call_id }) => call_id);
}
