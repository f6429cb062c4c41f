import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeGrant } from '../../src/grants/revoke.ts';
import { sha256 } from '../../src/lib/hash.ts';
import { call, chat, errorOf, settledCall, startWorld, type World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

describe('revocation', () => {
  it('L148 ends running streams, calls that wait for their answer, and refuses the next call', async () => {
    const { deps } = world.broker;
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"choices":[]}\n\n');
    };
    const opened = world.upstream.next();
    const stream = await call(world, '/chat/completions', { body: { ...chat, stream: true } });
    const streaming = await opened;
    expect(stream.status).toBe(200);
    const reading = stream.text().catch((error: Error) => error);

    world.upstream.answer = () => {};
    const asked = world.upstream.next();
    const waiting = call(world, '/chat/completions', { body: chat });
    const hanging = await asked;

    const revokedAt = performance.now();
    await revokeGrant(deps, world.grantId, 'user', { kind: 'command_line' });

    const next = await call(world, '/chat/completions', { body: chat });
    expect(next.status).toBe(401);
    expect(next.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(await errorOf(next)).toMatchObject({
      code: 'grant_revoked',
      source: 'coatcheck',
      action_url: `${world.broker.url}/apps`,
    });

    expect(await reading).toBeInstanceOf(Error);
    const answer = await waiting;
    expect(answer.status).toBe(401);
    expect((await errorOf(answer)).code).toBe('grant_revoked');
    await Promise.all([streaming.closed, hanging.closed]);
    expect(performance.now() - revokedAt).toBeLessThan(5_000);
    expect((await settledCall(world)).outcome).toBe('cut');
  });
});

describe('what else ends a grant', () => {
  it('the suspension of its user or its app, and the end of its family', async () => {
    const other = await startWorld();
    const { store } = other.broker.deps;
    const [view] = await store.grants.listGrants({});
    const { userId, clientId } = view?.grant ?? expect.fail();
    const actor = { kind: 'system' } as const;
    const codeNow = async () => (await errorOf(await call(other, '/chat/completions', { body: chat }))).code;

    await store.accounts.setUserStatus(userId, 'suspended', actor);
    expect(await codeNow()).toBe('grant_revoked');
    await store.accounts.setUserStatus(userId, 'active', actor);
    await store.clients.setClientStatus(clientId, 'suspended', actor);
    expect(await codeNow()).toBe('grant_revoked');
    await store.clients.setClientStatus(clientId, 'active', actor);
    expect((await call(other, '/chat/completions', { body: chat })).status).toBe(200);
    await store.accounts.changePassword(userId, sha256('x'), actor);
    expect(await codeNow()).toBe('grant_revoked');
    await other.close();
  });

  it('the loss of its key', async () => {
    const other = await startWorld();
    const { store } = other.broker.deps;
    await store.credentials.deleteCredential(other.credentialId, { kind: 'system' });
    const response = await call(other, '/chat/completions', { body: chat });
    expect([401, 403]).toContain(response.status);
    expect(other.upstream.requests).toEqual([]);
    await other.close();
  });

  it('the withdrawal of the key that signed the token, at once and although the token is cached', async () => {
    const other = await startWorld();
    expect((await call(other, '/chat/completions', { body: chat })).status).toBe(200);
    await other.broker.deps.signingKeys.rotate('withdraw', { kind: 'system' });
    const response = await call(other, '/chat/completions', { body: chat });
    expect(response.status).toBe(401);
    expect((await errorOf(response)).code).toBe('invalid_token');
    await other.close();
  });
});
