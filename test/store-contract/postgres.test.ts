import { Secret } from '../../src/lib/secret.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import { createDatabase } from '../support/postgres.ts';
import { contract } from './contract.ts';

contract('PostgreSQL', async () => {
  const { url, drop } = await createDatabase();
  const clock = { now: Date.now() };
  const open = () => openPostgresStore({ url: new Secret(url), clock: () => clock.now });
  const stores = [await open(), await open()] as const;
  return {
    stores,
    clock,
    location: url,
    opener: new URL('./postgres_opener.ts', import.meta.url).href,
    async close() {
      for (const store of stores) await store.close();
      await drop();
    },
  };
});
