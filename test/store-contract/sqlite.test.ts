import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { contract } from './contract.ts';

contract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-store-'));
  const file = join(folder, 'coatcheck.db');
  const clock = { now: Date.now() };
  const open = () => openSqliteStore({ file, clock: () => clock.now });
  const stores = [open(), open()] as const;
  return {
    stores,
    clock,
    location: file,
    opener: new URL('./sqlite_opener.ts', import.meta.url).href,
    async close() {
      for (const store of stores) await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
