import { expect, test } from 'vitest';
import { type Arena, actionsOn, newSigningKey, operator } from './world.ts';

export function signingKeys(arena: () => Arena): void {
  const keysOf = () => arena().stores[0].signingKeys;
  const listed = async () => (await keysOf().listSigningKeys()).map(({ kid }) => kid);

  test('the first key is added once, however many processes start', async () => {
    const [store, other] = arena().stores;
    const key = newSigningKey();
    await store.signingKeys.addSigningKey(key, 'only_first', operator);
    await other.signingKeys.addSigningKey(newSigningKey(), 'only_first', operator);
    expect(await store.signingKeys.listSigningKeys()).toEqual([
      { ...key, createdAt: arena().clock.now, retiredAt: null, withdrawnAt: null },
    ]);
    expect(await actionsOn(store, key.kid)).toEqual(['signing_key.added']);
  });

  test('a new key retires the ones before it and comes first', async () => {
    const { clock } = arena();
    const [old, next] = [newSigningKey(), newSigningKey()];
    clock.now += 1;
    await keysOf().addSigningKey(old, 'retire', operator);
    clock.now += 1;
    await keysOf().addSigningKey(next, 'retire', operator);
    const keys = await keysOf().listSigningKeys();
    expect(keys.slice(0, 2)).toMatchObject([
      { kid: next.kid, retiredAt: null },
      { kid: old.kid, retiredAt: clock.now },
    ]);
  });

  test('a key is succeeded once; whoever comes second changes nothing', async () => {
    const { clock, stores } = arena();
    const [old, next, late] = [newSigningKey(), newSigningKey(), newSigningKey()];
    await keysOf().addSigningKey(old, 'retire', operator);
    clock.now += 1;
    expect(await keysOf().succeedSigningKey(old.kid, next, operator)).toBe(true);
    expect(await stores[1].signingKeys.succeedSigningKey(old.kid, late, operator)).toBe(false);
    expect(await keysOf().succeedSigningKey('none', late, operator)).toBe(false);
    expect((await keysOf().listSigningKeys()).slice(0, 2)).toMatchObject([
      { kid: next.kid, retiredAt: null },
      { kid: old.kid, retiredAt: clock.now },
    ]);
    expect(await actionsOn(stores[0], next.kid)).toEqual(['signing_key.added']);
    expect(await actionsOn(stores[0], late.kid)).toEqual([]);
  });

  test('a withdrawn key is not succeeded', async () => {
    const [old, next] = [newSigningKey(), newSigningKey()];
    await keysOf().addSigningKey(old, 'retire', operator);
    await keysOf().addSigningKey(next, 'withdraw', operator);
    expect(await keysOf().succeedSigningKey(old.kid, newSigningKey(), operator)).toBe(false);
  });

  test('a key that must not verify any more is withdrawn, retired ones too', async () => {
    const { clock, stores } = arena();
    const old = newSigningKey();
    await keysOf().addSigningKey(old, 'retire', operator);
    clock.now += 1;
    const next = newSigningKey();
    await keysOf().addSigningKey(next, 'withdraw', operator);
    expect(await listed()).toEqual([next.kid]);
    expect(await actionsOn(stores[0], old.kid)).toEqual(['signing_key.added', 'signing_key.withdrawn']);
  });

  test('a private key is sealed anew only from the master key it was under', async () => {
    const key = newSigningKey();
    await keysOf().addSigningKey(key, 'retire', operator);
    const sealed = Buffer.from('sealed anew');
    expect(await keysOf().resealSigningKey(key.kid, 'master-0', sealed, 'master-2')).toBe(false);
    expect(await keysOf().resealSigningKey(key.kid, 'master-1', sealed, 'master-2')).toBe(true);
    expect(await keysOf().resealSigningKey(key.kid, 'master-1', sealed, 'master-2')).toBe(false);
    expect(await keysOf().listSigningKeys()).toContainEqual(
      expect.objectContaining({ kid: key.kid, sealedPrivateJwk: sealed, masterKeyId: 'master-2' }),
    );
  });
}
