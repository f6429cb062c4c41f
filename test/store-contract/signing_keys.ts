import { expect, test } from 'vitest';
import { type Arena, actionsOn, operator, unique } from './world.ts';

export function signingKeys(arena: () => Arena): void {
  const keysOf = () => arena().stores[0].signingKeys;
  const newKey = () => ({
    kid: unique('kid'),
    algorithm: 'EdDSA',
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x: 'x' },
    sealedPrivateJwk: Buffer.from(unique('jwk')),
    masterKeyId: 'master-1',
  });
  const listed = async () => (await keysOf().listSigningKeys()).map(({ kid }) => kid);

  test('the first key is added once, however many processes start', async () => {
    const [store, other] = arena().stores;
    const key = newKey();
    await store.signingKeys.addSigningKey(key, 'only_first', operator);
    await other.signingKeys.addSigningKey(newKey(), 'only_first', operator);
    expect(await store.signingKeys.listSigningKeys()).toEqual([
      { ...key, createdAt: arena().clock.now, retiredAt: null, withdrawnAt: null },
    ]);
    expect(await actionsOn(store, key.kid)).toEqual(['signing_key.added']);
  });

  test('a new key retires the ones before it and comes first', async () => {
    const { clock } = arena();
    const [old, next] = [newKey(), newKey()];
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

  test('a key that must not verify any more is withdrawn, retired ones too', async () => {
    const { clock, stores } = arena();
    const old = newKey();
    await keysOf().addSigningKey(old, 'retire', operator);
    clock.now += 1;
    const next = newKey();
    await keysOf().addSigningKey(next, 'withdraw', operator);
    expect(await listed()).toEqual([next.kid]);
    expect(await actionsOn(stores[0], old.kid)).toEqual(['signing_key.added', 'signing_key.withdrawn']);
  });

  test('a private key is sealed anew only from the master key it was under', async () => {
    const key = newKey();
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
