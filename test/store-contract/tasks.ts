import { sha256 } from '../../src/lib/hash.ts';
import type { AdmissionRequest } from '../../src/store/admission.ts';
import type { GrantTerms, NewFamily } from '../../src/store/contract/grants.ts';
import type { Settlement } from '../../src/store/contract/ledger.ts';
import type { NewSigningKey } from '../../src/store/contract/signing_keys.ts';
import type { Store } from '../../src/store/store.ts';

/** One store call that can be sent to another process. */
export type Task =
  | { readonly do: 'redeem'; readonly args: Parameters<Store['authorizations']['redeemCode']> }
  | {
      readonly do: 'rotate';
      readonly hash: string;
      readonly salt: Buffer;
      readonly expiresAt: number;
      readonly graceSeconds: number;
    }
  | { readonly do: 'approve'; readonly args: readonly [string, string, GrantTerms] }
  | { readonly do: 'deny'; readonly args: readonly [string, string, string] }
  | { readonly do: 'issue'; readonly args: Parameters<Store['authorizations']['issueCode']> }
  | { readonly do: 'sign_up'; readonly args: Parameters<Store['accounts']['createUser']> }
  | { readonly do: 'create_grant'; readonly terms: GrantTerms; readonly family: NewFamily }
  | { readonly do: 'revoke_grant'; readonly id: string }
  | { readonly do: 'delete_credential'; readonly id: string }
  | { readonly do: 'admit'; readonly batch: readonly AdmissionRequest[] }
  | { readonly do: 'settle'; readonly batch: readonly Settlement[] }
  | { readonly do: 'beat'; readonly id: string; readonly leaseSeconds: number }
  | { readonly do: 'recover'; readonly id: string; readonly limit: number }
  | { readonly do: 'succeed_key'; readonly kid: string; readonly next: NewSigningKey }
  | { readonly do: 'count'; readonly key: string; readonly limit: number };

/** How the successor of a refresh token follows in these tests. */
export function successorHash(familyId: string, seq: number, salt: Buffer): string {
  return sha256(`${familyId} ${seq} ${salt.toString('hex')}`);
}

/** Performs a task and says how it went, in a word or in words to compare. */
export async function perform(store: Store, task: Task): Promise<string> {
  switch (task.do) {
    case 'redeem':
      return (await store.authorizations.redeemCode(...task.args)).kind;
    case 'rotate': {
      const { hash, salt, expiresAt, graceSeconds } = task;
      const next = { salt: Buffer.from(salt), expiresAt, graceSeconds, successorHash, proof: null };
      const rotation = await store.authorizations.rotateRefreshToken(hash, next);
      if (rotation.kind !== 'rotated') return rotation.kind;
      return successorHash(rotation.standing.family.id, rotation.seq, rotation.salt);
    }
    case 'approve':
      return (await store.grants.approve(...task.args)).kind;
    case 'deny':
      return (await store.grants.deny(...task.args)) ? 'denied' : 'not_open';
    case 'issue':
      return (await store.authorizations.issueCode(...task.args)) ? 'issued' : 'refused';
    case 'sign_up':
      return (await store.accounts.createUser(...task.args)).kind;
    case 'create_grant':
      return (await store.grants.createGrant(task.terms, task.family, { kind: 'system' })).kind;
    case 'revoke_grant': {
      const revoked = await store.grants.revokeGrant(task.id, 'user', { kind: 'system' });
      return revoked?.already === false ? 'revoked' : 'already';
    }
    case 'delete_credential': {
      const ended = await store.credentials.deleteCredential(task.id, { kind: 'system' });
      return ended ? `deleted ${ended.length}` : 'gone';
    }
    case 'admit': {
      const results = await store.ledger.admit(task.batch);
      return results.map((result) => (result.kind === 'admitted' ? 'admitted' : result.reason)).join(' ');
    }
    case 'settle':
      return (await store.ledger.settle(task.batch)).join(' ');
    case 'beat':
      return (await store.instances.beat(task.id, task.leaseSeconds)).isDead ? 'dead' : 'alive';
    case 'recover': {
      const { declaredDead, settled } = await store.instances.recover(task.id, task.limit);
      return `${declaredDead.join(' ')}:${settled}`;
    }
    case 'succeed_key': {
      const next = { ...task.next, sealedPrivateJwk: Buffer.from(task.next.sealedPrivateJwk) };
      const succeeded = await store.signingKeys.succeedSigningKey(task.kid, next, { kind: 'system' });
      return succeeded ? 'succeeded' : 'late';
    }
    case 'count':
      return (await store.accounts.countAttempt(task.key, task.limit, 60)).allowed ? 'allowed' : 'limited';
  }
}
