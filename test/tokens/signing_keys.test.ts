import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claims, createSetting, keyringOf, newMasterKey, type Setting } from './tokens.ts';

const by = { kind: 'system' } as const;
let setting: Setting;
beforeEach(() => {
  setting = createSetting();
});
afterEach(() => setting.close());

describe('signing keys', () => {
  it('has one first key, also when two processes start at once', async () => {
    const processes = [setting.startProcess(), setting.startProcess()];
    const keys = await Promise.all(processes.map(({ signingKeys }) => signingKeys.active()));
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1);
    expect(await setting.store.signingKeys.listSigningKeys()).toHaveLength(1);
  });

  it('stores no private key in the clear', async () => {
    const { signingKeys } = setting.startProcess();
    await signingKeys.active();
    const [key] = await setting.store.signingKeys.listSigningKeys();
    expect(key?.publicJwk).not.toHaveProperty('d');
    expect(key?.sealedPrivateJwk.includes('"d"')).toBe(false);
  });

  it('signs with the new key in every process a few seconds after a rotation', async () => {
    const [here, there] = [setting.startProcess(), setting.startProcess()];
    await there.signingKeys.active();
    const kid = await here.signingKeys.rotate('retire', by);
    expect((await here.signingKeys.active()).kid).toBe(kid);
    setting.advance(5_001);
    expect((await there.signingKeys.active()).kid).toBe(kid);
  });

  it('rotates when the key has come of age, once, and what was signed before stays good', async () => {
    const [here, there] = [setting.startProcess(), setting.startProcess()];
    const { kid } = await here.signingKeys.active();
    setting.advance(3_599_999);
    const { token } = await here.accessTokens.mint(claims, null);
    expect(await here.signingKeys.rotateWhenDue(3600)).toBeNull();
    setting.advance(1);
    const made = await Promise.all([here, there].map(({ signingKeys }) => signingKeys.rotateWhenDue(3600)));
    expect(made.filter((each) => each !== null)).toHaveLength(1);
    expect(await there.signingKeys.rotateWhenDue(3600)).toBeNull();
    expect((await here.signingKeys.active()).kid).toBe(made.find((each) => each !== null));
    expect(await there.accessTokens.verify(token)).not.toBeNull();
    const published = (await there.signingKeys.publicJwks()).map((jwk) => jwk.kid);
    expect(published).toEqual([(await there.signingKeys.active()).kid, kid]);
  });

  it('verifies what another process has signed with a key made since, soon and without being asked twice', async () => {
    const [here, there] = [setting.startProcess(), setting.startProcess()];
    await there.signingKeys.active();
    await here.signingKeys.rotate('retire', by);
    const { token } = await here.accessTokens.mint(claims, null);
    setting.advance(1_001);
    expect(await there.accessTokens.verify(token)).not.toBeNull();
  });

  it('does not read the store for every made-up key id', async () => {
    const { signingKeys } = setting.startProcess();
    await signingKeys.active();
    setting.advance(1_001);
    const read = vi.spyOn(setting.store.signingKeys, 'listSigningKeys');
    for (let count = 0; count < 50; count++) expect(await signingKeys.find(`sig_${count}`)).toBeUndefined();
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('drops a key that another process has withdrawn, also when the clock is set back', async () => {
    const [here, there] = [setting.startProcess(), setting.startProcess()];
    const { kid } = await there.signingKeys.active();
    await here.signingKeys.rotate('withdraw', by);
    setting.advance(-3_600_000);
    expect(await there.signingKeys.find(kid)).toBeUndefined();
  });

  it('tries again after the store has failed', async () => {
    const { signingKeys } = setting.startProcess();
    const read = vi
      .spyOn(setting.store.signingKeys, 'listSigningKeys')
      .mockRejectedValueOnce(new Error('disk full'));
    await expect(signingKeys.active()).rejects.toThrow('disk full');
    read.mockRestore();
    expect((await signingKeys.active()).kid).toMatch(/^sig_/);
  });

  it('goes on with the same key under a new master key, and is re-sealed under it', async () => {
    const [old, next] = [newMasterKey(), newMasterKey()];
    const before = setting.startProcess(keyringOf(old));
    const { kid } = await before.signingKeys.active();
    const during = setting.startProcess(keyringOf(next, old));
    expect(await during.signingKeys.reseal()).toBe(1);
    expect(await during.signingKeys.reseal()).toBe(0);
    const after = setting.startProcess(keyringOf(next));
    expect((await after.signingKeys.active()).kid).toBe(kid);
  });
});
