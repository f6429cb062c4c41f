import { systemClock } from '../../src/lib/clock.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { Store } from '../../src/store/store.ts';

/** Opens the SQLite store for a racing process. */
export async function open(file: string): Promise<Store> {
  return openSqliteStore({ file, clock: systemClock });
}
