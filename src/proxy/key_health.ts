import { LRUCache } from 'lru-cache';
import type { Deps } from '../deps.ts';
import { keyExhausted, keyRefused } from '../mail/notices.ts';
import { checkKey } from '../vault/check_key.ts';
import type { Admission } from './admit.ts';

/** What answers to calls show of the keys that they were made with. None of it is waited for. */
export interface KeyHealth {
  /** The provider has refused the key. It is asked once more before anybody is told. */
  refused(admission: Admission): void;
  /** The provider has said that the account has no quota left. */
  exhausted(admission: Admission): void;
  /** The provider has answered a call well that costs something. */
  answered(admission: Admission): void;
}

/** In milliseconds: a key that has been looked at is not looked at again for so long, whatever its calls come to. */
const pause = 30_000;
const keysRemembered = 10_000;

export function createKeyHealth({ store, mail, config, log }: Deps): KeyHealth {
  const { credentials } = store;
  const looked = new LRUCache<string, true>({ max: keysRemembered, ttl: pause });

  const inBackground = (credentialId: string, work: () => Promise<void>) => {
    work().catch((error: unknown) =>
      log.error({ err: error, credentialId }, 'what was seen of a key could not be put on record'),
    );
  };

  const tell = async (credentialId: string, notice: typeof keyRefused) => {
    const credential = await credentials.findCredential(credentialId);
    if (credential) mail.notify(credential.userId, notice(config, credential));
  };

  return {
    refused({ provider, baseUrl, key, credential: { id, version } }) {
      const name = `${id} ${version}`;
      if (looked.has(name)) return;
      looked.set(name, true);
      inBackground(id, async () => {
        const check = await checkKey(provider, baseUrl, key);
        log.info({ credentialId: id, check: check.kind }, 'a key that was refused has been looked at again');
        if (check.kind !== 'invalid') return;
        const isNews = await credentials.markCredential(id, 'invalid', version);
        // From now on no call is made with it, unless its owner has had it taken for good again.
        looked.delete(name);
        if (isNews) await tell(id, keyRefused);
      });
    },

    exhausted({ credential: { id, version, exhaustedAt } }) {
      if (exhaustedAt !== null) return;
      inBackground(id, async () => {
        if (await credentials.markExhausted(id, true, version)) await tell(id, keyExhausted);
      });
    },

    answered({ credential: { id, version, exhaustedAt }, match: { route } }) {
      if (exhaustedAt === null || route.usage === null) return;
      inBackground(id, async () => {
        await credentials.markExhausted(id, false, version);
      });
    },
  };
}
