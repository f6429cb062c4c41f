import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../../src/lib/secret.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { Store } from '../../src/store/store.ts';
import { type AccessTokens, createAccessTokens } from '../../src/tokens/access_token.ts';
import { createSigningKeys, type SigningKeys } from '../../src/tokens/signing_keys.ts';
import { type Keyring, openKeyring } from '../../src/vault/keyring.ts';

export const issuer = 'https://issuer.example';
export const claims = {
  sub: 'subject',
  aud: `${issuer}/openai/v1`,
  client_id: 'cli_x',
  scope: 'openai:text',
  grant_id: 'grt_x',
  family_id: 'fam_x',
};

/** One process: its own signing keys and tokens over the shared store. */
export interface Process {
  readonly signingKeys: SigningKeys;
  readonly accessTokens: AccessTokens;
}

export interface Setting {
  readonly store: Store;
  readonly clock: () => number;
  advance(milliseconds: number): void;
  startProcess(keyring?: Keyring): Process;
  close(): Promise<void>;
}

export const newMasterKey = () => randomBytes(32).toString('base64');
export const keyringOf = (...keys: readonly string[]) => openKeyring({ keys: new Secret(keys.join(',')) });

/** A store in a folder of its own, a clock that stands, and as many processes on them as wanted. */
export function createSetting(): Setting {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-tokens-'));
  let now = Date.UTC(2026, 10, 22);
  const clock = () => now;
  const store = openSqliteStore({ file: join(folder, 'coatcheck.db'), clock });
  const shared = keyringOf(newMasterKey());
  return {
    store,
    clock,
    advance: (milliseconds) => {
      now += milliseconds;
    },
    startProcess: (keyring = shared) => {
      const signingKeys = createSigningKeys(store.signingKeys, keyring, clock);
      return { signingKeys, accessTokens: createAccessTokens(signingKeys, { issuer, ttl: 1800, clock }) };
    },
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
