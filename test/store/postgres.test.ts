import { fork } from 'node:child_process';
import { once } from 'node:events';
import { DrizzleQueryError } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { Secret } from '../../src/lib/secret.ts';
import { OutcomeUnknown } from '../../src/store/contract/ledger.ts';
import { guarded } from '../../src/store/postgres/errors.ts';
import { openConnection } from '../../src/store/postgres/open.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreError } from '../../src/store/store_error.ts';
import { perform, type Task } from '../store-contract/tasks.ts';
import {
  callOf,
  createClient,
  createGrant,
  createSigningKey,
  createUser,
  day,
  depositKey,
  found,
  newFamily,
  operator,
  settlementOf,
  termsFor,
  unique,
} from '../store-contract/world.ts';
import { createDatabase } from '../support/postgres.ts';

let url: string;
let drop: () => Promise<void>;
let store: Store;
/** A connection beside the store's own. */
let beside: pg.Client;

beforeAll(async () => {
  ({ url, drop } = await createDatabase());
  store = await open();
  beside = new pg.Client(url);
  await beside.connect();
});
afterAll(async () => {
  await store.close();
  await beside.end();
  await drop();
});

const open = (at = url) => openPostgresStore({ url: new Secret(at) });
const arenaOf = (one: Store) => ({
  ...{ stores: [one, one] as const, clock: { now: Date.now() }, location: url, opener: '' },
  close: async () => {},
});
const terminateOthers = () =>
  beside.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
/** Waits until the store has noticed which of its connections broke. */
const recovery = () => vi.waitFor(() => Promise.all(Array.from({ length: 10 }, () => createUser(store))));
const refusal = async (attempt: Promise<unknown>) => {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('nothing was refused');
  return error;
};

test('several processes may open an empty database at once', async () => {
  const empty = await createDatabase('template0');
  const racer = new URL('../store-contract/racer.ts', import.meta.url);
  const opener = new URL('../store-contract/postgres_opener.ts', import.meta.url).href;
  const racers = Array.from({ length: 4 }, () => fork(racer, [opener, empty.url], { execArgv: [] }));
  const readiness = await Promise.all(racers.map((child) => once(child, 'message')));
  expect(readiness).toEqual(racers.map(() => ['ready', undefined]));
  for (const child of racers) {
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  }
  const opened = await open(empty.url);
  expect(await opened.accounts.countUsers()).toBe(0);
  await opened.close();
  await empty.drop();
});

test('a database of a newer version is refused', async () => {
  await beside.query('update schema_version set applied = applied + 1');
  try {
    await expect(open()).rejects.toThrow(/newer version/);
  } finally {
    await beside.query('update schema_version set applied = applied - 1');
  }
});

test.each([
  ['nobody listens there', (at: URL) => Object.assign(at, { port: '1' }), /ECONNREFUSED/],
  ['the password is wrong', (at: URL) => Object.assign(at, { password: 'marked-secret' }), /password/],
  ['there is no such database', (at: URL) => Object.assign(at, { pathname: '/nowhere' }), /does not exist/],
])(
  'says which setting to look at when %s, and keeps the password to itself',
  async (_case, change, reason) => {
    const error = await refusal(open(change(new URL(url)).href));
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toContain('COATCHECK_DATABASE_URL');
    expect(error.message).toMatch(reason);
    expect(error.message).not.toMatch(/marked-secret|:password/);
  },
);

test('time is the database’s, whatever the process thinks', async () => {
  const before = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: 0 });
  try {
    const { createdAt } = await createUser(store);
    expect(createdAt).toBeGreaterThanOrEqual(before);
  } finally {
    vi.useRealTimers();
  }
});

test('connections that break fail what is under way, and nothing after it', async () => {
  const { family } = await createGrant(arenaOf(store));
  for (let round = 0; round < 5; round++) {
    const under = Promise.allSettled(Array.from({ length: 20 }, () => createUser(store)));
    await terminateOthers();
    await under;
    await recovery();
    expect(await store.grants.findStanding(family.id)).not.toBeNull();
  }
});

test('a transaction that breaks off leaves nothing behind', async () => {
  const connection = await openConnection({ url: new Secret(url) });
  const { rows: before } = await beside.query('select count(*) from settings');
  const broken = connection.write(async (tx) => {
    await tx.execute(`insert into settings values ('some', 'thing')`);
    throw new Error('on purpose');
  });
  await expect(broken).rejects.toThrow('on purpose');
  expect((await beside.query('select count(*) from settings')).rows).toEqual(before);
  await connection.pool.end();
});

test('an admission that loses its connection is not known to be refused', async () => {
  const granted = await createGrant(arenaOf(store));
  const kid = await createSigningKey(arenaOf(store));
  await beside.query('begin; lock table calls in share mode');
  const admission = refusal(store.ledger.admit([callOf(granted, kid)]));
  await vi.waitFor(async () => {
    const { rows } = await beside.query(
      `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    expect(rows).toHaveLength(1);
  });
  await terminateOthers();
  expect(await admission).toBeInstanceOf(OutcomeUnknown);
  await beside.query('rollback');
  await recovery();
  expect(await store.ledger.admit([callOf(granted, kid)])).toMatchObject([{ kind: 'admitted' }]);
});

test('a lock that is not to be had in a second is asked for once more, then given up', async () => {
  const { user } = await createGrant(arenaOf(store));
  await beside.query('begin');
  await beside.query('select from users where id = $1 for update', [user.id]);
  const started = performance.now();
  const error = await refusal(store.accounts.setUserStatus(user.id, 'suspended', operator));
  expect(error.message).toContain('55P03');
  expect(performance.now() - started).toBeGreaterThan(1900);
  await beside.query('rollback');
  expect(await store.accounts.setUserStatus(user.id, 'suspended', operator)).toBe(true);
});

test('what was rolled back for the sake of others is tried once more, and nothing else is', async () => {
  const failing = (code: string, times: number) => {
    const error = Object.assign(new pg.DatabaseError('failed', 0, 'error'), { code, severity: 'ERROR' });
    const method = vi.fn(async () => {
      if (method.mock.calls.length <= times) throw new DrizzleQueryError('select', ['marked'], error);
      return 'done';
    });
    return { method, ...guarded({ call: () => method() }) };
  };
  for (const code of ['40P01', '40001', '55P03']) expect(await failing(code, 1).call()).toBe('done');
  const stubborn = failing('40P01', 2);
  await expect(stubborn.call()).rejects.toThrow('40P01');
  expect(stubborn.method).toHaveBeenCalledTimes(2);
  const other = failing('23505', 1);
  await expect(other.call()).rejects.toThrow('23505');
  expect(other.method).toHaveBeenCalledTimes(1);
});

test('an error tells nothing of what was to be written', async () => {
  const user = await createUser(store);
  const session = { hash: 'marked-secret', userId: user.id, expiresAt: 1 };
  await store.accounts.startSession(session, null);
  const error = await refusal(store.accounts.startSession(session, null));
  expect(error.message).toContain('sessions_pkey');
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('marked-secret');
});

test('a value with a NUL is taken, and spoils nothing for the calls beside it', async () => {
  const granted = await createGrant(arenaOf(store));
  const kid = await createSigningKey(arenaOf(store));
  const calls = [callOf(granted, kid, { model: 'gpt\0' }), callOf(granted, kid)];
  expect((await store.ledger.admit(calls)).map(({ kind }) => kind)).toEqual(['admitted', 'admitted']);
  const settlements = calls.map(({ callId }) => settlementOf(callId, { upstreamRequestId: 'req\0' }));
  expect(await store.ledger.settle(settlements)).toEqual([true, true]);
  expect(await store.clients.findClient('cli\0')).toBeNull();
  expect(await store.accounts.findUserByEmail('some\0body@example.com')).toBeNull();
  const named = await createClient(store, granted.user, { name: 'An\0app' });
  expect(found(await store.clients.findClient(named.id)).name).toBe('An\ufffdapp');
});

test('a call has room on its page for its settlement', async () => {
  const { rows } = await beside.query(`select reloptions from pg_class where relname = 'calls'`);
  expect(rows).toEqual([{ reloptions: ['fillfactor=50'] }]);
});

test('of two set-up links used at once, one makes the operator', async () => {
  const fresh = await createDatabase();
  const stores = [await open(fresh.url), await open(fresh.url)] as const;
  const hashes = Array.from({ length: 10 }, () => unique('setup'));
  for (const hash of hashes) {
    const invitation = { hash, kind: 'setup', email: null, createdBy: null } as const;
    await stores[0].accounts.createInvitation({ ...invitation, expiresAt: Date.now() + day }, operator);
  }
  const outcomes = await Promise.all(
    hashes.map((invitationHash, index) => {
      const account = { id: newId('usr'), email: unique('setup'), passwordHash: 'hash' };
      return (index % 2 ? stores[1] : stores[0]).accounts.createUser(account, { invitationHash });
    }),
  );
  expect(outcomes.filter(({ kind }) => kind === 'created')).toHaveLength(1);
  for (const each of stores) await each.close();
  await fresh.drop();
});

test('whatever is done to one user at once, nobody waits in a circle', async () => {
  const stores = [store, await open()] as const;
  const { user, client, credential } = await createGrant(arenaOf(store));
  for (let round = 0; round < 10; round++) {
    const apps = [client, await createClient(store, user), await createClient(store, user)];
    const keys = [credential, await depositKey(store, user), await depositKey(store, user)];
    const granted = await Promise.all(
      apps.map(async (app) => {
        const live = await store.grants.findLiveGrant(user.id, app.id, false);
        const party = { user, client: app, credential };
        const id = live?.id ?? newId('grt');
        const wraps = keys.map((key) => ({
          ...found(termsFor(party, { id }).wraps[0]),
          credentialId: key.id,
        }));
        const terms = termsFor(party, { id, wraps });
        await store.grants.createGrant(terms, newFamily(Date.now()), operator);
        return { terms, party };
      }),
    );
    const wraps = await store.credentials.listWrapsNotUnder('none', 1000);
    const [, lastKey] = keys.toReversed();
    await Promise.all(
      stores.flatMap((each) => [
        ...granted.flatMap(({ terms }): Promise<unknown>[] => {
          const again: Task = { do: 'create_grant', terms, family: newFamily(Date.now()) };
          return [perform(each, again), each.grants.revokeGrant(terms.id, 'user', operator)];
        }),
        each.credentials.rewrap(
          wraps.toReversed().map((from) => ({ from, to: { ...from, masterKeyId: 'x' } })),
        ),
        each.credentials.deleteCredential(found(lastKey).id, operator),
        each.accounts.changePassword(user.id, 'hash', operator),
        each.clients.deleteClient(found(apps[1]).id, operator),
      ]),
    );
  }
  await stores[1].close();
  const counted = await vi.waitFor(async () => {
    const { rows } = await beside.query(
      `select deadlocks, xact_commit > 100 as counted from pg_stat_database where datname = current_database()`,
    );
    expect(rows[0].counted).toBe(true);
    return rows[0];
  });
  expect(counted.deadlocks).toBe(0);
});
