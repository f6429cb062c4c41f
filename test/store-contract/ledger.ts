import { beforeAll, expect, test } from 'vitest';
import type { PlainReason } from '../../src/store/admission.ts';
import {
  type Arena,
  callOf,
  costOf,
  createGrant,
  createSigningKey,
  depositKey,
  found,
  minute,
  operator,
  settlementOf,
  wrapFor,
} from './world.ts';

export function ledger(arena: () => Arena): void {
  let kid = '';
  beforeAll(async () => {
    kid = await createSigningKey(arena());
  });
  const ledgerOf = () => arena().stores[0].ledger;
  const listCalls = async (grantId: string) =>
    arena().stores[0].records.listCalls({ grantId }, { before: null, limit: 100 });
  const admitOne = async (...args: Parameters<typeof callOf>) => {
    const [result] = await ledgerOf().admit([callOf(...args)]);
    return found(result);
  };

  test('an admitted call is on record as pending before it goes anywhere', async () => {
    const { stores, clock } = arena();
    const granted = await createGrant(arena());
    const { user, client, grant, family, credential } = granted;
    const call = callOf(granted, kid);
    expect(await ledgerOf().admit([call])).toEqual([
      {
        kind: 'admitted',
        payer: 'user',
        holder: grant.id,
        grantId: grant.id,
        userId: user.id,
        clientId: client.id,
        credential: { id: credential.id, version: 1, sandbox: false, exhaustedAt: null },
        startedAt: clock.now,
        limits: [],
        outputCap: null,
        toolUses: null,
        reservedNanoUsd: 1_000_000,
        moderation: 'off',
        holds: [],
        left: { budgets: [], rate: null },
      },
    ]);
    expect(await stores[1].records.listCalls({ grantId: grant.id }, { before: null, limit: 10 })).toEqual([
      {
        id: call.callId,
        userId: user.id,
        clientId: client.id,
        clientName: client.name,
        grantId: grant.id,
        familyId: family.id,
        credentialId: credential.id,
        payer: 'user',
        instanceId: 'ins_1',
        provider: 'openai',
        route: 'POST /chat/completions',
        model: 'gpt-5',
        state: 'pending',
        reservedNanoUsd: 1_000_000,
        status: null,
        outcome: null,
        usage: null,
        costNanoUsd: null,
        countedNanoUsd: null,
        upstreamRequestId: null,
        flags: null,
        startedAt: clock.now,
        endedAt: null,
      },
    ]);
  });

  test('a batch is answered in order, and a refused call leaves the others alone', async () => {
    const granted = await createGrant(arena());
    const results = await ledgerOf().admit([
      callOf(granted, kid),
      callOf(granted, kid, { familyId: 'fam_none' }),
      callOf(granted, kid, { scopes: ['images'] }),
      callOf(granted, kid, { model: null }),
    ]);
    expect(results.map((result) => (result.kind === 'refused' ? result.reason : result.kind))).toEqual([
      'admitted',
      'unknown_family',
      'insufficient_scope',
      'admitted',
    ]);
    expect(await listCalls(granted.grant.id)).toHaveLength(2);
  });

  test('an empty batch is fine', async () => {
    expect(await ledgerOf().admit([])).toEqual([]);
    expect(await ledgerOf().settle([])).toEqual([]);
  });

  type Granted = Awaited<ReturnType<typeof createGrant>>;
  const refusals: readonly (readonly [string, PlainReason, (granted: Granted) => Promise<unknown>])[] = [
    [
      'the grant was revoked',
      'grant_revoked',
      ({ grant }) => arena().stores[1].grants.revokeGrant(grant.id, 'user', operator),
    ],
    [
      'the family was revoked',
      'grant_revoked',
      ({ family }) => arena().stores[1].grants.revokeFamily(family.id, 'client', operator),
    ],
    [
      'the client was deleted',
      'grant_revoked',
      ({ client }) => arena().stores[1].clients.deleteClient(client.id, operator),
    ],
    [
      'the password was changed',
      'grant_revoked',
      ({ user }) => arena().stores[1].accounts.changePassword(user.id, 'x', operator),
    ],
    [
      'the key was deleted',
      'grant_revoked',
      ({ credential }) => arena().stores[1].credentials.deleteCredential(credential.id, operator),
    ],
    [
      'the user was suspended',
      'user_suspended',
      ({ user }) => arena().stores[1].accounts.setUserStatus(user.id, 'suspended', operator),
    ],
    [
      'the client was suspended',
      'client_suspended',
      ({ client }) => arena().stores[1].clients.setClientStatus(client.id, 'suspended', operator),
    ],
    [
      'the provider refused the key',
      'credential_invalid',
      ({ credential }) => arena().stores[1].credentials.markCredential(credential.id, 'invalid'),
    ],
  ];

  test.each(refusals)('the next call is refused once %s', async (_name, reason, end) => {
    const granted = await createGrant(arena());
    expect(await admitOne(granted, kid)).toMatchObject({ kind: 'admitted' });
    await end(granted);
    expect(await admitOne(granted, kid)).toEqual({ kind: 'refused', reason });
    expect(await listCalls(granted.grant.id)).toHaveLength(1);
  });

  test('a call is refused from the millisecond in which its grant runs out', async () => {
    const { clock } = arena();
    const granted = await createGrant(arena(), { terms: { expiresAt: clock.now + minute } });
    clock.now += minute - 1;
    expect(await admitOne(granted, kid)).toMatchObject({ kind: 'admitted' });
    clock.now += 1;
    expect(await admitOne(granted, kid)).toEqual({ kind: 'refused', reason: 'grant_expired' });
  });

  test('a call needs each of its scopes both in the family and in the grant as it is now', async () => {
    const granted = await createGrant(arena(), {
      terms: { scope: 'chat embeddings images' },
      family: { scope: 'chat embeddings' },
    });
    const refused = { kind: 'refused', reason: 'insufficient_scope' };
    expect(await admitOne(granted, kid, { scopes: ['chat', 'embeddings'] })).toMatchObject({
      kind: 'admitted',
    });
    expect(await admitOne(granted, kid, { scopes: ['chat', 'images'] })).toEqual(refused);
    expect(await admitOne(granted, kid, { scopes: ['cha'] })).toEqual(refused);
    await createGrant(arena(), { party: granted, terms: { id: granted.grant.id, scope: 'chat images' } });
    expect(await admitOne(granted, kid, { scopes: ['embeddings'] })).toEqual(refused);
    expect(await admitOne(granted, kid, { scopes: ['chat'] })).toMatchObject({ kind: 'admitted' });
  });

  test('a token signed by a withdrawn or unknown key is refused, by a retired one not', async () => {
    const { stores } = arena();
    const granted = await createGrant(arena());
    const retired = await createSigningKey(arena());
    kid = await createSigningKey(arena());
    expect(await admitOne(granted, retired)).toMatchObject({ kind: 'admitted' });
    const key = { kid: `${kid}-next`, algorithm: 'EdDSA', publicJwk: {}, masterKeyId: 'master-1' };
    await stores[1].signingKeys.addSigningKey(
      { ...key, sealedPrivateJwk: Buffer.from('jwk') },
      'withdraw',
      operator,
    );
    kid = key.kid;
    for (const withdrawn of [retired, 'unknown']) {
      expect(await admitOne(granted, withdrawn)).toEqual({ kind: 'refused', reason: 'key_withdrawn' });
    }
  });

  test('a grant opens nothing for a provider that it has no key of', async () => {
    const { stores } = arena();
    const granted = await createGrant(arena());
    const refused = { kind: 'refused', reason: 'no_credential' };
    expect(await admitOne(granted, kid, { provider: 'anthropic' })).toEqual(refused);
    await depositKey(stores[0], granted.user, { provider: 'anthropic' });
    expect(await admitOne(granted, kid, { provider: 'anthropic' })).toEqual(refused);
  });

  test('the key of the provider asked for is used, at its present version', async () => {
    const { stores } = arena();
    const granted = await createGrant(arena());
    const { grant, user, credential } = granted;
    const sandbox = await depositKey(stores[0], user, { provider: 'anthropic', sandbox: true });
    const wraps = [wrapFor(credential.id, grant.id), wrapFor(sandbox.id, grant.id)];
    await createGrant(arena(), { party: granted, terms: { id: grant.id, wraps } });
    expect(await admitOne(granted, kid, { provider: 'anthropic' })).toMatchObject({
      credential: { id: sandbox.id, version: 1, sandbox: true },
    });
    const { fingerprint, last4, status, checkedAt } = credential;
    await stores[1].credentials.replaceKey(
      credential.id,
      1,
      { fingerprint, last4, status, checkedAt, ciphertext: Buffer.from('new') },
      operator,
    );
    expect(await admitOne(granted, kid)).toMatchObject({
      credential: { id: credential.id, version: 2, sandbox: false },
    });
  });

  test('a call is settled once, with what it came to', async () => {
    const { clock, stores } = arena();
    const granted = await createGrant(arena());
    const call = callOf(granted, kid);
    await ledgerOf().admit([call]);
    clock.now += minute;
    const settlement = settlementOf(call.callId);
    expect(await ledgerOf().settle([settlement, settlementOf('call_none')])).toEqual([true, false]);
    const late = settlementOf(call.callId, { outcome: 'aborted', costNanoUsd: 9, usage: null });
    expect(await stores[1].ledger.settle([late])).toEqual([false]);
    const [settled] = await listCalls(granted.grant.id);
    expect(settled).toMatchObject({
      state: 'settled',
      status: 200,
      outcome: 'answered',
      usage: settlement.usage,
      costNanoUsd: 1234,
      upstreamRequestId: 'req_1',
      reservedNanoUsd: 1_000_000,
      startedAt: clock.now - minute,
      endedAt: clock.now,
    });
  });

  test('calls are settled along with the admission of others', async () => {
    const granted = await createGrant(arena());
    const [first, second] = [callOf(granted, kid), callOf(granted, kid)];
    await ledgerOf().admit([first]);
    const settlement = settlementOf(first.callId);
    expect(await ledgerOf().admit([second], [settlement, settlement])).toMatchObject([{ kind: 'admitted' }]);
    const calls = new Map((await listCalls(granted.grant.id)).map((call) => [call.id, call]));
    expect(calls.get(first.callId)).toMatchObject({ state: 'settled', usage: settlement.usage });
    expect(calls.get(second.callId)).toMatchObject({ state: 'pending' });
    expect(await ledgerOf().settle([settlement])).toEqual([false]);
  });

  test('calls are settled along with a batch that admits none', async () => {
    const granted = await createGrant(arena());
    const call = callOf(granted, kid);
    await ledgerOf().admit([call]);
    const unknown = callOf(granted, kid, { familyId: 'fam_none' });
    expect(await ledgerOf().admit([unknown], [settlementOf(call.callId)])).toMatchObject([
      { kind: 'refused' },
    ]);
    expect(await listCalls(granted.grant.id)).toMatchObject([{ id: call.callId, state: 'settled' }]);
  });

  test('a batch that cannot be written settles nothing either', async () => {
    const granted = await createGrant(arena());
    const call = callOf(granted, kid);
    await ledgerOf().admit([call]);
    await expect(ledgerOf().admit([call], [settlementOf(call.callId)])).rejects.toThrow();
    expect(await listCalls(granted.grant.id)).toMatchObject([{ state: 'pending' }]);
    expect(await ledgerOf().settle([settlementOf(call.callId)])).toEqual([true]);
  });

  test('a call without an answer is settled with what is known', async () => {
    const granted = await createGrant(arena());
    const call = callOf(granted, kid);
    await ledgerOf().admit([call]);
    const unknown = { status: null, usage: null, costNanoUsd: null, upstreamRequestId: null };
    expect(await ledgerOf().settle([settlementOf(call.callId, { outcome: 'failed', ...unknown })])).toEqual([
      true,
    ]);
    expect(await listCalls(granted.grant.id)).toMatchObject([
      { state: 'settled', outcome: 'failed', ...unknown },
    ]);
  });

  test('a call is settled after its grant has ended', async () => {
    const { stores } = arena();
    const granted = await createGrant(arena());
    const call = callOf(granted, kid);
    await ledgerOf().admit([call]);
    await stores[0].credentials.deleteCredential(granted.credential.id, operator);
    expect(await ledgerOf().settle([settlementOf(call.callId, { outcome: 'cut' })])).toEqual([true]);
  });

  test('a batch with an id that is on record already is refused as a whole', async () => {
    const granted = await createGrant(arena());
    const call = callOf(granted, kid);
    await ledgerOf().admit([call]);
    await expect(ledgerOf().admit([callOf(granted, kid), call])).rejects.toThrow();
    expect(await listCalls(granted.grant.id)).toHaveLength(1);
  });

  test('money stays exact up to nine million dollars', async () => {
    const granted = await createGrant(arena());
    const reservedNanoUsd = Number.MAX_SAFE_INTEGER;
    const call = callOf(granted, kid, { cost: costOf(reservedNanoUsd) });
    await ledgerOf().admit([call]);
    await ledgerOf().settle([settlementOf(call.callId, { costNanoUsd: reservedNanoUsd })]);
    expect(await listCalls(granted.grant.id)).toMatchObject([
      { reservedNanoUsd, costNanoUsd: reservedNanoUsd },
    ]);
  });
}
