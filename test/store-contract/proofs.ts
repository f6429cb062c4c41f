import { expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import type { AdmissionRequest } from '../../src/store/admission.ts';
import type { ProofUse } from '../../src/store/records.ts';
import type { Store } from '../../src/store/store.ts';
import { successorHash } from './tasks.ts';
import {
  type Arena,
  callOf,
  createGrant,
  createParty,
  createSigningKey,
  issueCode,
  minute,
  newFamily,
  openRequest,
  operator,
  termsFor,
  unique,
} from './world.ts';

type Use = (store: Store, proof: ProofUse) => Promise<unknown>;

export function proofs(arena: () => Arena): void {
  const newProof = () => ({ hash: unique('proof'), expiresAt: arena().clock.now + minute });

  /** Everything that uses a proof up, each with something of its own to act on. */
  const uses: Readonly<Record<string, () => Promise<Use>>> = {
    'redeeming a code': async () => {
      const { attempt } = await issueCode(arena());
      return async (store, proof) => {
        const { scope, ...family } = newFamily(arena().clock.now);
        return (await store.authorizations.redeemCode({ ...attempt, proof }, family)).kind;
      };
    },
    'spending a refresh token': async () => {
      const { refreshTokenHash } = await createGrant(arena());
      const next = {
        salt: Buffer.from(unique('salt')),
        expiresAt: arena().clock.now + minute,
        successorHash,
        graceSeconds: 10,
      };
      return async (store, proof) =>
        (await store.authorizations.rotateRefreshToken(refreshTokenHash, { ...next, proof })).kind;
    },
    'asking for a device': async () => {
      const { client } = await createParty(arena().stores[0]);
      const device = { deviceCodeHash: unique('device'), clientId: client.id };
      await arena().stores[0].devices.startDevice({
        ...device,
        userCodeHash: unique('user code'),
        scope: 'chat',
        authorizationDetails: [],
        interval: 0,
        expiresAt: arena().clock.now + minute,
      });
      return async (store, proof) => {
        const { scope, ...family } = newFamily(arena().clock.now);
        return (await store.devices.pollDevice({ ...device, proof }, family)).kind;
      };
    },
    'admitting a call': async () => {
      const granted = await createGrant(arena());
      const kid = await createSigningKey(arena());
      return async (store, proof) => {
        const [result] = await store.ledger.admit([callOf(granted, kid, { proof })]);
        return result?.kind === 'refused' ? result.reason : 'admitted';
      };
    },

    'nothing else': async () => async (store, proof) =>
      (await store.authorizations.useProof(proof)) ? 'used' : 'proof_replayed',
    'pushing a request': async () => {
      const { client } = await createParty(arena().stores[0]);
      return async (store, proof) => {
        const pushed = { hash: unique('pushed'), clientId: client.id, parameters: 'a=b' };
        const expiresAt = arena().clock.now + minute;
        const isPushed = await store.authorizations.pushRequest({ ...pushed, expiresAt }, proof);
        return isPushed ? 'pushed' : 'proof_replayed';
      };
    },
  };

  test.each(Object.entries(uses))('%s uses the proof up, and a used one changes nothing', async (_, make) => {
    const { stores } = arena();
    const proof = newProof();
    const use = await make();
    expect(await use(stores[0], proof)).not.toBe('proof_replayed');
    expect(await use(stores[1], proof)).toBe('proof_replayed');
    for (const other of Object.values(uses)) {
      const useOther = await other();
      expect(await useOther(stores[1], proof)).toBe('proof_replayed');
      // What it was for is as good as before.
      expect(await useOther(stores[0], newProof())).not.toMatch(/proof_replayed|unknown|reused|replayed/);
    }
  });

  test.each(Object.entries(uses))(
    '119 160 %s many times at once with one proof works once',
    async (_, make) => {
      const { stores } = arena();
      const proof = newProof();
      const made = await Promise.all(Array.from({ length: 20 }, make));
      const kinds = await Promise.all(
        made.map((use, index) => use(index % 2 ? stores[1] : stores[0], proof)),
      );
      expect(kinds.filter((kind) => kind !== 'proof_replayed')).toHaveLength(1);
    },
  );

  test('of the calls of one batch with one proof, the first is admitted', async () => {
    const { stores } = arena();
    const granted = await createGrant(arena());
    const kid = await createSigningKey(arena());
    const [proof, other] = [newProof(), newProof()];
    const revoked = await createGrant(arena());
    await stores[0].grants.revokeGrant(revoked.grant.id, 'user', operator);
    const calls = [
      callOf(revoked, kid, { proof }),
      callOf(granted, kid, { proof }),
      callOf(granted, kid, { proof }),
      callOf(granted, kid, { proof: other }),
      callOf(granted, kid),
    ];
    const kinds = async (store: Store, batch: readonly AdmissionRequest[]) =>
      (await store.ledger.admit(batch)).map((result) =>
        result.kind === 'refused' ? result.reason : result.kind,
      );
    const replayed = 'proof_replayed';
    expect(await kinds(stores[0], calls)).toEqual([
      'grant_revoked',
      'admitted',
      replayed,
      'admitted',
      'admitted',
    ]);
    const again = calls.map((call) => ({ ...call, callId: newId('call') }));
    expect(await kinds(stores[1], again)).toEqual([
      'grant_revoked',
      replayed,
      replayed,
      replayed,
      'admitted',
    ]);
    const recorded = await stores[0].records.listCalls(
      { grantId: granted.grant.id },
      { before: null, limit: 10 },
    );
    expect(recorded).toHaveLength(4);
  });

  test('119 a proof is forgotten once it is too old to be taken', async () => {
    const { stores, clock } = arena();
    const proof = newProof();
    const use = await uses['pushing a request']?.();
    await use?.(stores[0], proof);
    await stores[0].sweep();
    expect(await use?.(stores[0], proof)).toBe('proof_replayed');
    clock.now += minute;
    await stores[0].sweep();
    expect(await use?.(stores[0], proof)).toBe('pushed');
  });

  test('a code that is bound to a key is redeemed with that key only', async () => {
    const { stores } = arena();
    const [store] = stores;
    const party = await createParty(store);
    const bound = { ...(await openRequest(arena(), party)), id: newId('arq'), dpopThumbprint: 'key' };
    await store.authorizations.saveRequest(bound, null);
    await store.grants.approve(bound.id, bound.browserHash, termsFor(party));
    const codeHash = unique('code');
    const code = { hash: codeHash, expiresAt: arena().clock.now + minute };
    await store.authorizations.issueCode(bound.id, bound.browserHash, party.user.id, code);
    const { scope, ...unbound } = newFamily(arena().clock.now);
    const redeem = (dpopThumbprint: string | null) => {
      const family = { ...unbound, dpopThumbprint };
      const { clientId, redirectUri, codeChallenge } = bound;
      return stores[1].authorizations.redeemCode(
        { codeHash, clientId, redirectUri, codeChallenge, dpopThumbprint, proof: null },
        family,
      );
    };
    expect(await redeem(null)).toEqual({ kind: 'mismatch', of: 'key' });
    expect(await redeem('another key')).toEqual({ kind: 'mismatch', of: 'key' });
    expect(await redeem('key')).toEqual({ kind: 'redeemed' });
    expect(await store.grants.findStanding(unbound.id)).toMatchObject({ family: { dpopThumbprint: 'key' } });
  });
}
