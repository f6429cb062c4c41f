import { Secret } from '../../src/lib/secret.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import type { Store } from '../../src/store/store.ts';

/** Opens the PostgreSQL store for a racing process. */
export async function open(url: string): Promise<Store> {
  return openPostgresStore({ url: new Secret(url) });
}
