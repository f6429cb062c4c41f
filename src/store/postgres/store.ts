import type { Store } from '../store.ts';
import { postgresAccounts } from './accounts.ts';
import { postgresAuthorizations } from './authorizations.ts';
import { postgresBudgets } from './budgets.ts';
import { postgresClients } from './clients.ts';
import { postgresCredentials } from './credentials.ts';
import { postgresDevices } from './devices.ts';
import { remoteEndings } from './ending_signal.ts';
import { guarded } from './errors.ts';
import { postgresGrants } from './grants.ts';
import { postgresInstances } from './instances.ts';
import { postgresLedger } from './ledger.ts';
import { postgresNotices } from './notices.ts';
import { postgresObjects } from './objects.ts';
import { type ConnectionOptions, openConnection } from './open.ts';
import { postgresRecords } from './records.ts';
import { postgresSigningKeys } from './signing_keys.ts';
import { sweep } from './sweep.ts';

/**
 * Opens the store in a PostgreSQL database, whose schema is brought up to date. Any number of processes may share it.
 * @param options.url where it is, as `postgres://user:password@host/database`
 * @param options.clock for tests; without it the database's clock goes
 * @throws StoreError when it cannot be reached or used, or was written by a newer version
 */
export async function openPostgresStore(options: ConnectionOptions): Promise<Store> {
  const connection = await openConnection({ ...options, onEnded: (ending) => endings.emit(ending) });
  const { url, onConnectionLost = () => {} } = options;
  const endings = remoteEndings(url, connection.isOwn, onConnectionLost);
  const schemaVersion = async () => {
    const { rows } = await connection.pool.query<{ applied: number }>('select applied from schema_version');
    return rows[0]?.applied;
  };
  const openedWith = await schemaVersion();
  return {
    accounts: guarded(postgresAccounts(connection)),
    credentials: guarded(postgresCredentials(connection)),
    clients: guarded(postgresClients(connection)),
    grants: guarded(postgresGrants(connection)),
    authorizations: guarded(postgresAuthorizations(connection)),
    devices: guarded(postgresDevices(connection)),
    signingKeys: guarded(postgresSigningKeys(connection)),
    budgets: guarded(postgresBudgets(connection)),
    ledger: guarded(postgresLedger(connection)),
    objects: guarded(postgresObjects(connection)),
    instances: guarded(postgresInstances(connection)),
    records: guarded(postgresRecords(connection)),
    notices: guarded(postgresNotices(connection)),
    ...guarded({
      sweep: () => sweep(connection),
      hasCurrentSchema: async () => (await schemaVersion()) === openedWith,
      async close() {
        endings.close();
        await connection.pool.end();
      },
    }),
    onEnding: endings.subscribe,
  };
}
