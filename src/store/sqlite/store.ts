import type { Clock } from '../../lib/clock.ts';
import type { Store } from '../store.ts';
import { sqliteAccounts } from './accounts.ts';
import { sqliteAuthorizations } from './authorizations.ts';
import { sqliteBudgets } from './budgets.ts';
import { sqliteClients } from './clients.ts';
import { sqliteCredentials } from './credentials.ts';
import { sqliteDevices } from './devices.ts';
import { sqliteGrants } from './grants.ts';
import { sqliteInstances } from './instances.ts';
import { sqliteLedger } from './ledger.ts';
import { sqliteNotices } from './notices.ts';
import { sqliteObjects } from './objects.ts';
import { openConnection } from './open.ts';
import { patient } from './patience.ts';
import { sqliteRecords } from './records.ts';
import { sqliteSigningKeys } from './signing_keys.ts';
import { sweep } from './sweep.ts';

/**
 * Opens the store in one SQLite file, which is made with mode 0600 if need be and brought up to date.
 * @param options.file path of the database; its folder must exist
 * @param options.migrationsFolder where the generated migrations are, if not in the package
 * @throws when the file was written by a newer version, or stays locked for several seconds
 */
export function openSqliteStore(options: {
  readonly file: string;
  readonly clock: Clock;
  readonly migrationsFolder?: string;
}): Store {
  const connection = openConnection(options.file, options.clock, options.migrationsFolder);
  connection.client.pragma('busy_timeout = 0');
  const schemaVersion = () => connection.client.pragma('user_version', { simple: true });
  const openedWith = schemaVersion();
  return {
    accounts: patient(sqliteAccounts(connection)),
    credentials: patient(sqliteCredentials(connection)),
    clients: patient(sqliteClients(connection)),
    grants: patient(sqliteGrants(connection)),
    authorizations: patient(sqliteAuthorizations(connection)),
    devices: patient(sqliteDevices(connection)),
    signingKeys: patient(sqliteSigningKeys(connection)),
    budgets: patient(sqliteBudgets(connection)),
    ledger: patient(sqliteLedger(connection)),
    objects: patient(sqliteObjects(connection)),
    instances: patient(sqliteInstances(connection)),
    records: patient(sqliteRecords(connection)),
    notices: patient(sqliteNotices(connection)),
    ...patient({ sweep: () => sweep(connection) }),
    onEnding: connection.endings.subscribe,
    async hasCurrentSchema() {
      return schemaVersion() === openedWith;
    },
    async close() {
      connection.client.close();
    },
  };
}
