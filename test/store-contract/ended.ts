import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import type { Ending, Store } from '../../src/store/store.ts';
import { endings } from './endings.ts';
import { successorHash } from './tasks.ts';
import { type Arena, createGrant, type Granted, issueCode, minute, newFamily, operator } from './world.ts';

/** Everything that ends what calls under way run under. */
const ways: readonly (readonly [string, (store: Store, granted: Granted) => Promise<unknown>])[] = [
  ...endings.map(
    ([name, end]) =>
      [
        name,
        (store: Store, granted: Granted) => end(store, { ...granted, grantId: granted.grant.id }),
      ] as const,
  ),
  ['the family was revoked', ({ grants }, { family }) => grants.revokeFamily(family.id, 'client', operator)],
  [
    'a spent refresh token was used again',
    async ({ authorizations }, { refreshTokenHash }) => {
      const next = {
        salt: Buffer.from('salt'),
        expiresAt: Date.now() + minute,
        successorHash,
        graceSeconds: -1,
        proof: null,
      };
      await authorizations.rotateRefreshToken(refreshTokenHash, next);
      await authorizations.rotateRefreshToken(refreshTokenHash, next);
    },
  ],
];

export function ended(arena: () => Arena): void {
  const grantsOf = () => arena().stores[0].grants;

  describe('what has ended', () => {
    test.each(ways)('is told from what stands: %s', async (_name, end) => {
      const { stores } = arena();
      const [ending, standing] = [await createGrant(arena()), await createGrant(arena())];
      const asked = [standing.family.id, ending.family.id];
      expect(await grantsOf().findEnded(asked)).toEqual([]);
      await end(stores[1], ending);
      expect(await grantsOf().findEnded(asked)).toEqual([ending.family.id]);
      expect(await grantsOf().findEnded([])).toEqual([]);
    });

    test('is a grant that ran out, and a family that nobody knows', async () => {
      const { clock } = arena();
      const { family } = await createGrant(arena(), { terms: { expiresAt: clock.now + minute } });
      expect(await grantsOf().findEnded([family.id, 'fam_none'])).toEqual(['fam_none']);
      clock.now += minute;
      expect(await grantsOf().findEnded([family.id])).toEqual([family.id]);
    });

    test('is found among more families than a statement takes parameters', async () => {
      const { family } = await createGrant(arena());
      const unknown = Array.from({ length: 70_000 }, () => newId('fam'));
      expect((await grantsOf().findEnded([...unknown, family.id])).toSorted()).toEqual(unknown.toSorted());
    });
  });

  describe('an ending is told to who listens', () => {
    const heard: Ending[] = [];
    let stop = () => {};
    const expectHeard = (grantId: string | null) =>
      vi.waitFor(() => expect(heard).toContainEqual({ grantId }), { timeout: 2000 });
    beforeAll(async () => {
      stop = arena().stores[0].onEnding((ending) => heard.push(ending));
      // A store that has to connect for it may miss the first.
      await vi.waitFor(
        async () => {
          const { grant } = await createGrant(arena());
          await grantsOf().revokeGrant(grant.id, 'user', operator);
          await sleep(50);
          expect(heard).toContainEqual({ grantId: grant.id });
        },
        { timeout: 10_000 },
      );
    });
    afterAll(() => stop());

    test.each(ways)('%s', async (_name, end) => {
      const granted = await createGrant(arena());
      heard.length = 0;
      await end(arena().stores[0], granted);
      const grant = await grantsOf().findGrant(granted.grant.id);
      await expectHeard(grant?.revokedAt ? granted.grant.id : null);
    });

    test('a code was used again', async () => {
      const { attempt } = await issueCode(arena());
      const { authorizations } = arena().stores[0];
      const { scope: _scope, ...family } = newFamily(arena().clock.now);
      await authorizations.redeemCode(attempt, family);
      heard.length = 0;
      await authorizations.redeemCode(attempt, { ...family, id: newId('fam') });
      await expectHeard(null);
    });

    test('but not that something began or stayed, nor after listening ended', async () => {
      const granted = await createGrant(arena());
      await grantsOf().revokeGrant(granted.grant.id, 'user', operator);
      await expectHeard(granted.grant.id);
      heard.length = 0;
      await grantsOf().revokeGrant(granted.grant.id, 'user', operator);
      await createGrant(arena());
      stop();
      await arena().stores[0].accounts.setUserStatus(granted.user.id, 'suspended', operator);
      await sleep(100);
      expect(heard).toEqual([]);
    });
  });
}
