import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGrant } from '../../src/grants/create.ts';
import { Secret } from '../../src/lib/secret.ts';
import { moveToCurrentMasterKey } from '../../src/tokens/rotate_master_key.ts';
import { replaceKey } from '../../src/vault/deposit.ts';
import { prependFreshKey } from '../../src/vault/keyring.ts';
import { seal, unseal } from '../../src/vault/seal.ts';
import { type Broker, connect, createUser, deposit, startBroker } from '../support/broker.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

describe('seal', () => {
  const key = Buffer.alloc(32, 7);
  const sealed = seal(key, Buffer.from('hello'), ['purpose', 'a', 'bc']);

  it('opens with the same key and binding', () => {
    expect(unseal(key, sealed, ['purpose', 'a', 'bc']).toString()).toBe('hello');
  });

  it('never gives the same bytes twice', () => {
    expect(seal(key, Buffer.from('hello'), ['purpose', 'a', 'bc'])).not.toEqual(sealed);
  });

  it.each([
    ['another key', Buffer.alloc(32, 8), sealed, ['purpose', 'a', 'bc']],
    ['another binding', key, sealed, ['purpose', 'ab', 'c']],
    ['another purpose', key, sealed, ['other', 'a', 'bc']],
    ['a shortened text', key, sealed.subarray(0, -1), ['purpose', 'a', 'bc']],
    ['nothing', key, Buffer.alloc(0), ['purpose', 'a', 'bc']],
  ] as const)('does not open with %s', (_, otherKey, bytes, binding) => {
    expect(() => unseal(otherKey, bytes, binding)).toThrow();
  });

  it('does not open with any bit changed', () => {
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => unseal(key, changed, ['purpose', 'a', 'bc'])).toThrow();
    }
  });
});

describe('vault', () => {
  let broker: Broker;
  beforeEach(async () => {
    broker = await startBroker();
  });
  afterEach(() => broker.close());

  it('opens a key through the grant, and no more once the grant is revoked', async () => {
    const { vault, store } = broker.deps;
    const { credential, tokens } = await connect(broker, { key: 'sk-sandbox-openme1234' });
    const opened = await vault.open(tokens.grant_id, credential.id, credential.version);
    expect(opened?.key.unwrap()).toBe('sk-sandbox-openme1234');
    await store.grants.revokeGrant(tokens.grant_id, 'user', { kind: 'system' });
    vault.forget(tokens.grant_id);
    expect(await vault.open(tokens.grant_id, credential.id, credential.version)).toBeNull();
  });

  it('keeps an opened key no longer than it says, asked for again or not', async () => {
    const { vault } = broker.deps;
    const { credential, tokens } = await connect(broker);
    const open = async () => {
      const key = await vault.open(tokens.grant_id, credential.id, credential.version);
      if (!key) throw new Error('the grant holds no wrap');
      return new WeakRef(key);
    };
    const opened = await open();
    await setTimeout(5_500);
    collectGarbage();
    expect(opened.deref()).toBeUndefined();
  });

  it('opens a key once for calls that come at the same time, and again when that fails', async () => {
    const { vault, store } = broker.deps;
    const { credential, tokens } = await connect(broker);
    const open = () => vault.open(tokens.grant_id, credential.id, credential.version);
    const findSealed = vi.spyOn(store.credentials, 'findSealed');
    findSealed.mockRejectedValueOnce(new Error('no store'));
    const failed = await Promise.allSettled([open(), open()]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const opened = await Promise.all([open(), open(), open()]);
    expect(opened[0]).not.toBeNull();
    expect(new Set(opened).size).toBe(1);
    expect(findSealed).toHaveBeenCalledTimes(2);
  });

  it('does not keep for later what it opened while the grant was forgotten', async () => {
    const { vault } = broker.deps;
    const { credential, tokens } = await connect(broker);
    const open = () => vault.open(tokens.grant_id, credential.id, credential.version);
    const opening = open();
    vault.forget(tokens.grant_id);
    const opened = await opening;
    expect(await open()).not.toBe(opened);
  });

  it('does not keep a key that is not of the version asked for', async () => {
    const { vault } = broker.deps;
    const { credential, tokens } = await connect(broker);
    const open = () => vault.open(tokens.grant_id, credential.id, credential.version + 1);
    expect(await open()).not.toBe(await open());
  });

  it('a key that is deleted while it is replaced is told to be gone', async () => {
    const { credential } = await connect(broker);
    await broker.deps.store.credentials.deleteCredential(credential.id, { kind: 'system' });
    const replaced = await replaceKey(broker.deps, credential, 'sk-sandbox-another-key', { kind: 'system' });
    expect(replaced).toMatchObject({ kind: 'refused', advice: expect.stringContaining('deleted meanwhile') });
  });

  it('a key that is deleted while a grant to it is made is not lent', async () => {
    const { user, client, credential } = await connect(broker);
    const older = await deposit(broker, user.id);
    const { store, vault } = broker.deps;
    const racing = {
      ...vault,
      async wrapFor(credentialId: string, holder: string) {
        if (credentialId !== older.id)
          await store.credentials.deleteCredential(credentialId, { kind: 'system' });
        return vault.wrapFor(credentialId, holder);
      },
    };
    const choice = {
      userId: user.id,
      clientId: client.id,
      test: false,
      scopes: ['openai:text'],
      authorizationDetails: [],
      toldOfPayer: [],
      expiresAt: null,
      credentialIds: [credential.id],
    };
    const created = await createGrant({ ...broker.deps, vault: racing }, choice, { kind: 'system' });
    if (created.kind !== 'created') throw new Error(created.kind);
    const held = await store.credentials.listHeldBy(created.tokens.grant_id);
    expect(held.map(({ id }) => id)).toEqual([older.id]);
    await store.credentials.deleteCredential(older.id, { kind: 'system' });
    expect(await createGrant(broker.deps, choice, { kind: 'system' })).toMatchObject({
      kind: 'no_credential',
    });
  });

  it('gives nothing to a grant that was not given the key', async () => {
    const { vault } = broker.deps;
    const [mine, other] = [await connect(broker), await connect(broker)];
    expect(await vault.open(mine.tokens.grant_id, other.credential.id, 1)).toBeNull();
  });

  it('156 does not open a row that was moved to another credential, with its wrap', async () => {
    const { credential, tokens } = await connect(broker);
    const other = await deposit(broker, (await createUser(broker)).id);
    const moves = [
      ['credentials', 'ciphertext', `id = '${other.id}'`, `id = '${credential.id}'`],
      [
        'wraps',
        'wrapped',
        `credential_id = '${other.id}' and holder = 'owner'`,
        `credential_id = '${credential.id}'`,
      ],
    ];
    for (const [table, column, from, to] of moves) {
      await broker.home.query(
        `update ${table} set ${column} = (select ${column} from ${table} where ${from}) where ${to}`,
      );
    }
    const open = broker.deps.vault.open(tokens.grant_id, credential.id, credential.version);
    await expect(open).rejects.toThrow('unable to authenticate data');
  });

  it('replaces a key without breaking grants', async () => {
    const { vault, store } = broker.deps;
    const { credential, tokens } = await connect(broker, { key: 'sk-sandbox-before1234' });
    const replaced = await replaceKey(broker.deps, credential, ' sk-sandbox-after5678 \n', {
      kind: 'system',
    });
    expect(replaced).toMatchObject({ kind: 'saved', credential: { version: 2, last4: '5678' } });
    const opened = await vault.open(tokens.grant_id, credential.id, 2);
    expect(opened?.key.unwrap()).toBe('sk-sandbox-after5678');
    expect((await store.credentials.listHeldBy(tokens.grant_id)).map(({ id }) => id)).toEqual([
      credential.id,
    ]);
  });

  it('156 brings everything under a new master key while it goes on working', async () => {
    const { vault, store, keyring, config, signingKeys } = broker.deps;
    const { credential, tokens } = await connect(broker, { key: 'sk-sandbox-rotate1234' });
    if (!('file' in config.masterKey)) throw new Error('no key file');
    const fresh = prependFreshKey(config.masterKey.file);
    expect(await moveToCurrentMasterKey(broker.deps)).toEqual({ wraps: 2, signingKeys: 1 });
    expect(await store.credentials.listWrapsNotUnder(fresh.id, 10)).toEqual([]);
    expect(keyring.current().id).toBe(fresh.id);
    vault.forget(tokens.grant_id);
    const opened = await vault.open(tokens.grant_id, credential.id, credential.version);
    expect(opened?.key.unwrap()).toBe('sk-sandbox-rotate1234');
    expect((await signingKeys.active()).kid).toMatch(/^sig_/);
    expect(await moveToCurrentMasterKey(broker.deps)).toEqual({ wraps: 0, signingKeys: 0 });
  });
});

describe('deposit', () => {
  let broker: Broker;
  beforeEach(async () => {
    broker = await startBroker();
  });
  afterEach(() => broker.close());

  const give = async (pasted: string) => {
    const { depositKey } = await import('../../src/vault/deposit.ts');
    const user = await createUser(broker);
    return depositKey(
      broker.deps,
      { userId: user.id, provider: 'openai', pasted, name: null, organization: null, project: null },
      { kind: 'system' },
    );
  };

  it('trims what is pasted and verifies it', async () => {
    const result = await give('\n  sk-sandbox-trimmed99 \t');
    expect(result).toMatchObject({
      kind: 'saved',
      note: null,
      credential: { status: 'verified', last4: 'ed99', sandbox: true },
    });
  });

  it.each([
    ['', 'Paste the key first'],
    ['sk-admin-abcdefgh1234', 'admin key'],
    ['sk-ant-api03-abcdefgh', 'Anthropic'],
    ['sk-or-v1-abcdefgh', 'OpenRouter'],
    ['ek_abcdefgh12345', 'short-lived'],
    ['org-abcdefgh', 'id, not a key'],
    ['sk-abc def ghijk', 'space or line break'],
    ['AIzaSyExample', 'begin with sk-'],
    ['sk-short', 'cut short'],
    ['sk-proj-…ellipsis1', 'begin with sk-'],
    ['sk-sandbox-invalid1', 'does not accept this key'],
  ])('refuses %j with advice, without repeating it', async (pasted, advice) => {
    const result = await give(pasted);
    expect(result).toMatchObject({ kind: 'refused', advice: expect.stringContaining(advice) });
    if (pasted) expect(JSON.stringify(result)).not.toContain(pasted);
  });

  it('saves a key as unverified when the provider cannot be reached, and says so', async () => {
    const offline = await startBroker({ upstreamUrl: 'http://127.0.0.1:9/v1' });
    try {
      const credential = await deposit(offline, (await createUser(offline)).id, 'sk-sandbox-offline1');
      expect(credential.status).toBe('unverified');
    } finally {
      await offline.close();
    }
  });

  it('shows only a fingerprint and the last four afterwards', async () => {
    const user = await createUser(broker);
    await deposit(broker, user.id, 'sk-sandbox-hideme-4321');
    const listed = JSON.stringify(await broker.deps.store.credentials.listCredentials(user.id));
    expect(listed).toContain('4321');
    expect(listed).not.toContain('hideme');
    expect(String(new Secret('x'))).toBe('[secret]');
  });
});
