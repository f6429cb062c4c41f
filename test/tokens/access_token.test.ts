import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { allScopes, resourcesOfScopes } from '../../src/catalog/catalog.ts';
import { joinScope } from '../../src/catalog/scope.ts';
import { readAccess } from '../../src/grants/provider_access.ts';
import { claims, createSetting, issuer, type Process, type Setting } from './tokens.ts';

const by = { kind: 'system' } as const;
let setting: Setting;
let broker: Process;
beforeEach(() => {
  setting = createSetting();
  broker = setting.startProcess();
});
afterEach(() => setting.close());

describe('access tokens', () => {
  it('are verified by what they were minted with', async () => {
    const { token, expiresIn } = await broker.accessTokens.mint(claims, null);
    expect(expiresIn).toBe(1800);
    const verified = await broker.accessTokens.verify(token);
    expect(verified?.claims).toMatchObject({ ...claims, iss: issuer });
    expect(verified?.kid).toBe((await broker.signingKeys.active()).kid);
  });

  it('expire, also those that were verified before', async () => {
    const { token } = await broker.accessTokens.mint(claims, null);
    setting.advance(1_799_000);
    expect(await broker.accessTokens.verify(token)).not.toBeNull();
    setting.advance(1_000);
    expect(await broker.accessTokens.verify(token)).toBeNull();
    expect(await setting.startProcess().accessTokens.verify(token)).toBeNull();
  });

  it('are taken with all that they can say at once', async () => {
    const [scope = ''] = allScopes;
    const limits = (length: number) => [
      { type: 'provider_access', provider: scope.split(':')[0], models: Array(50).fill('m'.repeat(length)) },
    ];
    let length = 1;
    while (readAccess(limits(length + 1), allScopes).kind === 'read') length += 1;
    const read = readAccess(limits(length), allScopes);
    if (read.kind === 'refused') throw new Error(read.complaint);
    const { token } = await broker.accessTokens.mint(
      {
        ...claims,
        aud: resourcesOfScopes(issuer, allScopes),
        client_id: `https://app.example/${'x'.repeat(480)}`,
        scope: joinScope(allScopes),
        authorization_details: read.details,
        cnf: { jkt: 'x'.repeat(43) },
      },
      null,
    );
    expect((await broker.accessTokens.verify(token))?.claims.authorization_details).toEqual(read.details);
  });

  it('do not outlive the grant', async () => {
    const { expiresIn } = await broker.accessTokens.mint(claims, setting.clock() + 60_000);
    expect(expiresIn).toBe(60);
  });

  it('still verify after their key has retired, and not after it was withdrawn', async () => {
    const { token } = await broker.accessTokens.mint(claims, null);
    await broker.signingKeys.rotate('retire', by);
    expect(await broker.accessTokens.verify(token)).not.toBeNull();
    await broker.signingKeys.rotate('withdraw', by);
    expect(await broker.accessTokens.verify(token)).toBeNull();
  });

  it('of a withdrawn key are refused by other processes within seconds, verified before or not', async () => {
    const other = setting.startProcess();
    const { token } = await broker.accessTokens.mint(claims, null);
    expect(await other.accessTokens.verify(token)).not.toBeNull();
    await broker.signingKeys.rotate('withdraw', by);
    setting.advance(5_001);
    expect(await other.accessTokens.verify(token)).toBeNull();
  });

  it('148 are told apart to the last character', async () => {
    const { token } = await broker.accessTokens.mint(claims, null);
    await broker.accessTokens.verify(token);
    for (const other of [
      token.slice(0, -1),
      `${token} `,
      `${token}A`,
      token.toUpperCase(),
      '',
      'a.b.c',
      '...',
    ]) {
      expect(await broker.accessTokens.verify(other)).toBeNull();
    }
    expect(await broker.accessTokens.verify('x'.repeat(100_000))).toBeNull();
  });

  it('are not called bad when it is the store that fails', async () => {
    const { token } = await broker.accessTokens.mint(claims, null);
    const other = setting.startProcess();
    vi.spyOn(setting.store.signingKeys, 'listSigningKeys').mockRejectedValueOnce(new Error('disk full'));
    await expect(other.accessTokens.verify(token)).rejects.toThrow('disk full');
  });
});
