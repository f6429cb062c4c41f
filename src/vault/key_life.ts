import type { Mail } from '../mail/mail.ts';
import { keyExpired, keyExpiresSoon } from '../mail/notices.ts';
import type { CredentialStore } from '../store/contract/credentials.ts';
import type { Credential } from '../store/records.ts';
import type { Vault } from './vault.ts';

/** For how long a key is kept: until it is deleted, until a moment, or until a session ends. */
export type KeyLife = Pick<Credential, 'expiresAt' | 'sessionHash'>;

const day = 86_400_000;

export const untilDeleted: KeyLife = { expiresAt: null, sessionHash: null };

/** For how many days a key can be kept. */
export const daysToKeep = [1, 7, 30, 90] as const;

/** @param now milliseconds since the epoch */
export function forDays(days: number, now: number): KeyLife {
  return { expiresAt: now + days * day, sessionHash: null };
}

/** No longer than the session, which ends when its owner signs out or its time is over. */
export function forSession({
  hash,
  expiresAt,
}: {
  readonly hash: string;
  readonly expiresAt: number;
}): KeyLife {
  return { expiresAt, sessionHash: hash };
}

interface KeyLifeDeps {
  readonly store: { readonly credentials: CredentialStore };
  readonly vault: Vault;
  readonly mail: Mail;
  readonly config: { readonly issuer: string };
}

/**
 * Deletes the keys that are kept no longer, though no call gets one from the moment its time is over. Owners are told
 * of it, and a day ahead if it was here for longer than two, but not where it was for a session.
 */
export async function deleteExpiredKeys({ store, vault, mail, config }: KeyLifeDeps): Promise<void> {
  for (const { credential, endedGrantIds } of await store.credentials.deleteExpired()) {
    for (const grantId of endedGrantIds) vault.forget(grantId);
    if (credential.sessionHash === null) mail.notify(credential.userId, keyExpired(config, credential));
  }
  for (const { expiresAt, ...credential } of await store.credentials.listExpiring(day)) {
    if (expiresAt === null || expiresAt - credential.createdAt <= 2 * day) continue;
    mail.notify(credential.userId, keyExpiresSoon(config, { ...credential, expiresAt }));
  }
}
