import { describe, expect, test } from 'vitest';
import { endings } from './endings.ts';
import { type Arena, actionsOn, asUser, createGrant, limitedAccess, minute } from './world.ts';

export function limits(arena: () => Arena): void {
  const grantsOf = () => arena().stores[0].grants;

  test('changed limits take the place of those before, and leave the rest of the grant as it is', async () => {
    const { stores, clock } = arena();
    const { grant, family, user } = await createGrant(arena(), {
      terms: { authorizationDetails: [limitedAccess], expiresAt: clock.now + 2 * minute },
    });
    clock.now += minute;
    const lowered = [{ ...limitedAccess, max_output_tokens: 10 }];
    expect(await grantsOf().changeLimits(grant.id, user.id, lowered, asUser(user))).toBe(true);
    const changed = { ...grant, authorizationDetails: lowered, updatedAt: clock.now };
    expect(await stores[1].grants.findGrant(grant.id)).toEqual(changed);
    expect(await grantsOf().findStanding(family.id)).toMatchObject({ grant: changed });
    expect(await grantsOf().changeLimits(grant.id, user.id, [], asUser(user))).toBe(true);
    expect(await grantsOf().findGrant(grant.id)).toMatchObject({ authorizationDetails: [] });
    expect(await actionsOn(stores[0], grant.id)).toEqual([
      'grant.created',
      'grant.limits_changed',
      'grant.limits_changed',
    ]);
  });

  test('nobody changes the limits of somebody else’s grant, or of one that is not there', async () => {
    const { grant } = await createGrant(arena());
    const { user } = await createGrant(arena());
    for (const id of [grant.id, 'grt_none']) {
      expect(await grantsOf().changeLimits(id, user.id, [limitedAccess], asUser(user))).toBe(false);
    }
    expect(await grantsOf().findGrant(grant.id)).toEqual(grant);
  });

  describe('the limits of a grant stay as they were at its end', () => {
    const revokes = endings.filter(([name]) => !name.includes('suspended'));
    test.each(revokes)('%s', async (_name, end) => {
      const granted = await createGrant(arena());
      const { grant, user } = granted;
      await end(arena().stores[1], { ...granted, grantId: grant.id });
      expect(await grantsOf().changeLimits(grant.id, user.id, [limitedAccess], asUser(user))).toBe(false);
      expect(await actionsOn(arena().stores[0], grant.id)).not.toContain('grant.limits_changed');
    });

    test('it ran out', async () => {
      const { clock } = arena();
      const { grant, user } = await createGrant(arena(), { terms: { expiresAt: clock.now + minute } });
      clock.now += minute;
      expect(await grantsOf().changeLimits(grant.id, user.id, [limitedAccess], asUser(user))).toBe(false);
      expect(await grantsOf().findGrant(grant.id)).toEqual(grant);
    });
  });
}
