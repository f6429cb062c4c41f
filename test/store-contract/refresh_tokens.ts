import { expect, test } from 'vitest';
import type { Rotation } from '../../src/store/rotation.ts';
import { endings } from './endings.ts';
import { successorHash } from './tasks.ts';
import {
  type Arena,
  actionsOn,
  createGrant,
  day,
  found,
  type Granted,
  minute,
  operator,
  second,
  unique,
} from './world.ts';

export function refreshTokens(arena: () => Arena): void {
  const graceSeconds = 10;

  /** Rotates and gives, beside the result, the hash of the successor as the client would compute it. */
  const rotate = async (hash: string, store = arena().stores[0]) => {
    const next = {
      salt: Buffer.from(unique('salt')),
      expiresAt: arena().clock.now + day,
      successorHash,
      graceSeconds,
      proof: null,
    };
    const rotation = await store.authorizations.rotateRefreshToken(hash, next);
    return { rotation, next, successor: successorOf(rotation) };
  };
  const successorOf = (rotation: Rotation) =>
    rotation.kind === 'rotated'
      ? successorHash(rotation.standing.family.id, rotation.seq, rotation.salt)
      : rotation.kind;
  const findToken = async (hash: string) =>
    (await arena().stores[0].authorizations.findRefreshToken(hash))?.token ?? null;
  const revokedReason = async (familyId: string) =>
    found(await arena().stores[0].grants.findStanding(familyId)).family.revokedReason;

  test('a refresh token is found with its standing', async () => {
    const { stores, clock } = arena();
    const { family, refreshTokenHash } = await createGrant(arena());
    expect(await stores[1].authorizations.findRefreshToken(refreshTokenHash)).toEqual({
      token: {
        hash: refreshTokenHash,
        familyId: family.id,
        seq: 1,
        createdAt: clock.now,
        expiresAt: clock.now + day,
        usedAt: null,
        salt: null,
        successorHash: null,
      },
      standing: await stores[0].grants.findStanding(family.id),
    });
    expect(await findToken('unknown')).toBeNull();
  });

  test('a rotation spends the token and puts its successor in place', async () => {
    const { clock } = arena();
    const { family, refreshTokenHash } = await createGrant(arena());
    const { rotation, next, successor } = await rotate(refreshTokenHash);
    expect(rotation).toMatchObject({
      kind: 'rotated',
      seq: 2,
      salt: next.salt,
      expiresAt: next.expiresAt,
      standing: { family: { id: family.id, seq: 2 }, now: clock.now },
    });
    expect(await findToken(refreshTokenHash)).toMatchObject({ usedAt: clock.now, successorHash: successor });
    expect(await findToken(successor)).toMatchObject({
      familyId: family.id,
      seq: 2,
      expiresAt: next.expiresAt,
      usedAt: null,
    });
    const third = await rotate(successor);
    expect(third.rotation).toMatchObject({ kind: 'rotated', seq: 3 });
  });

  test('the predecessor gives the same successor within the grace, with its original expiry', async () => {
    const { clock, stores } = arena();
    const { family, refreshTokenHash } = await createGrant(arena());
    const first = await rotate(refreshTokenHash);
    clock.now += graceSeconds * second;
    const again = await rotate(refreshTokenHash, stores[1]);
    expect(again.rotation).toMatchObject({
      kind: 'rotated',
      seq: 2,
      salt: first.next.salt,
      expiresAt: first.next.expiresAt,
    });
    expect(again.successor).toBe(first.successor);
    expect(await revokedReason(family.id)).toBeNull();
  });

  test('a use after the grace ends the family', async () => {
    const { clock, stores } = arena();
    const { family, refreshTokenHash } = await createGrant(arena());
    const { successor } = await rotate(refreshTokenHash);
    clock.now += graceSeconds * second + 1;
    expect((await rotate(refreshTokenHash)).rotation).toEqual({ kind: 'reused' });
    expect(await revokedReason(family.id)).toBe('refresh_reuse');
    expect((await rotate(successor)).rotation).toEqual({ kind: 'ended' });
    expect(await actionsOn(stores[0], family.id)).toEqual([
      'family.started',
      'family.revoked',
      'refresh.reused',
    ]);
  });

  test('a clock that is set back does not make the grace longer', async () => {
    const { clock } = arena();
    const { refreshTokenHash } = await createGrant(arena());
    await rotate(refreshTokenHash);
    clock.now -= graceSeconds * second + 1;
    expect((await rotate(refreshTokenHash)).rotation).toEqual({ kind: 'reused' });
    clock.now += graceSeconds * second + 1;
  });

  test('once the successor was used, the predecessor ends the family even within the grace', async () => {
    const { family, refreshTokenHash } = await createGrant(arena());
    const { successor } = await rotate(refreshTokenHash);
    await rotate(successor);
    expect((await rotate(refreshTokenHash)).rotation).toEqual({ kind: 'reused' });
    expect(await revokedReason(family.id)).toBe('refresh_reuse');
  });

  test('two rotations in one millisecond are told apart', async () => {
    const { family, refreshTokenHash } = await createGrant(arena());
    const second = await rotate(refreshTokenHash);
    const third = await rotate(second.successor);
    expect((await rotate(second.successor)).successor).toBe(third.successor);
    expect(await revokedReason(family.id)).toBeNull();
    expect((await rotate(refreshTokenHash)).rotation).toEqual({ kind: 'reused' });
    expect((await rotate(third.successor)).rotation).toEqual({ kind: 'ended' });
  });

  test('the salt of a predecessor is forgotten when its successor is used', async () => {
    const { refreshTokenHash } = await createGrant(arena());
    const { successor } = await rotate(refreshTokenHash);
    expect(found(await findToken(refreshTokenHash)).salt).not.toBeNull();
    await rotate(successor);
    expect(found(await findToken(refreshTokenHash)).salt).toBeNull();
    expect(found(await findToken(successor)).salt).not.toBeNull();
  });

  test('a salt that no longer leads to the successor counts as reuse', async () => {
    const { family, refreshTokenHash } = await createGrant(arena());
    await rotate(refreshTokenHash);
    const rotation = await arena().stores[0].authorizations.rotateRefreshToken(refreshTokenHash, {
      salt: Buffer.from('salt'),
      expiresAt: arena().clock.now + day,
      successorHash: () => 'another',
      graceSeconds,
      proof: null,
    });
    expect(rotation).toEqual({ kind: 'reused' });
    expect(await revokedReason(family.id)).toBe('refresh_reuse');
  });

  test('an expired token is expired and ends nothing', async () => {
    const { clock } = arena();
    const { family, refreshTokenHash } = await createGrant(arena());
    clock.now += day;
    expect((await rotate(refreshTokenHash)).rotation).toEqual({ kind: 'expired' });
    expect(await revokedReason(family.id)).toBeNull();
  });

  test('a successor that has expired within the grace is not given again', async () => {
    const { clock, stores } = arena();
    const { family, refreshTokenHash } = await createGrant(arena());
    const next = {
      salt: Buffer.from('salt'),
      expiresAt: clock.now + second,
      successorHash,
      graceSeconds,
      proof: null,
    };
    await stores[0].authorizations.rotateRefreshToken(refreshTokenHash, next);
    clock.now += second;
    expect((await rotate(refreshTokenHash)).rotation).toEqual({ kind: 'expired' });
    expect(await revokedReason(family.id)).toBeNull();
  });

  test('an unknown token is unknown', async () => {
    expect((await rotate('unknown')).rotation).toEqual({ kind: 'unknown' });
  });

  const nothingRotatesAfter = async (end: (granted: Granted) => Promise<unknown>) => {
    const granted = await createGrant(arena());
    const { successor } = await rotate(granted.refreshTokenHash);
    await end(granted);
    expect((await rotate(successor)).rotation).toEqual({ kind: 'ended' });
    expect((await rotate(granted.refreshTokenHash)).rotation).toEqual({ kind: 'ended' });
    expect(found(await findToken(successor)).usedAt).toBeNull();
  };

  test.each(endings)('nothing rotates after %s, nor within the grace', (_name, end) =>
    nothingRotatesAfter((granted) => end(arena().stores[0], { ...granted, grantId: granted.grant.id })),
  );

  test('nothing rotates after the family was revoked, nor within the grace', () =>
    nothingRotatesAfter(({ family }) =>
      arena().stores[0].grants.revokeFamily(family.id, 'client', operator),
    ));

  test('81 nothing rotates once the grant ran out, and again once it is renewed', async () => {
    const { clock } = arena();
    const granted = await createGrant(arena(), { terms: { expiresAt: clock.now + minute } });
    clock.now += minute;
    expect((await rotate(granted.refreshTokenHash)).rotation).toEqual({ kind: 'ended' });
    await createGrant(arena(), { party: granted, terms: { id: granted.grant.id } });
    expect((await rotate(granted.refreshTokenHash)).rotation).toMatchObject({ kind: 'rotated' });
  });

  test('reuse is detected under a grant that has ended', async () => {
    const { stores, clock } = arena();
    const { family, grant, refreshTokenHash } = await createGrant(arena());
    await rotate(refreshTokenHash);
    await stores[0].grants.revokeGrant(grant.id, 'user', operator);
    clock.now += minute;
    expect((await rotate(refreshTokenHash)).rotation).toEqual({ kind: 'reused' });
    expect(await revokedReason(family.id)).toBe('refresh_reuse');
  });
}
