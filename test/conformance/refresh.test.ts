import { afterAll, describe, expect, it } from 'vitest';
import type { ClientStatus, UserStatus } from '../../src/store/records.ts';
import { ask, callProxy, introspect, obtainCode, obtainTokens, redeem, refresh, revoke } from './flow.ts';
import { startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const otherApp = await target.registerApp();
const publicApp = await target.registerApp({ type: 'spa' });

const isActive = async (token: string) => (await introspect(target, app, token)).active;
const times = <T>(count: number, work: () => Promise<T>) => Promise.all(Array.from({ length: count }, work));

/** Tokens with the grant behind them, which is not to be seen over HTTP. */
async function connected() {
  const browser = await target.signIn();
  const tokens = await obtainTokens(target, app, {}, { browser });
  const [view] = await target.broker.deps.store.grants.listGrants({ clientId: app.clientId });
  if (!view) throw new Error('no grant');
  return { tokens, grant: view.grant, credentialId: view.credentials[0]?.id ?? '' };
}

describe('refresh', () => {
  it('71 each use gives a new refresh token', async () => {
    for (const client of [app, publicApp]) {
      const first = await obtainTokens(target, client);
      const second = await refresh(target, client, first.refreshToken);
      const third = await refresh(target, client, second.refreshToken);
      expect(third.status).toBe(200);
      expect(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
      expect(new Set([first, second, third].map(({ accessToken }) => accessToken)).size).toBe(3);
    }
  });

  it('72 an old token used again ends the whole family', async () => {
    const first = await obtainTokens(target, app, { scope: 'openai:models.read' });
    const second = await refresh(target, app, first.refreshToken);
    expect(await callProxy(target, second.accessToken)).toBe(200);
    target.advance(11);
    const reused = await refresh(target, app, first.refreshToken);
    expect(reused.status).toBe(400);
    expect(reused.error).toBe('invalid_grant');
    expect((await refresh(target, app, second.refreshToken)).error).toBe('invalid_grant');
    expect(await isActive(first.accessToken)).toBe(false);
    expect(await isActive(second.accessToken)).toBe(false);
    expect(await callProxy(target, second.accessToken)).toBe(401);
  });

  it('72 another family of the same user goes on', async () => {
    const browser = await target.signIn();
    const first = await obtainTokens(target, app, {}, { browser });
    const other = await obtainTokens(target, app, {}, { browser });
    await refresh(target, app, first.refreshToken);
    target.advance(11);
    await refresh(target, app, first.refreshToken);
    expect((await refresh(target, app, other.refreshToken)).status).toBe(200);
  });

  it('73 many parallel uses leave one live branch', async () => {
    const { refreshToken } = await obtainTokens(target, app);
    const answers = await times(20, () => refresh(target, app, refreshToken));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1);
  });

  it('74 a token that was used and rotated on leaves no second successor', async () => {
    const first = await obtainTokens(target, app);
    const second = await refresh(target, app, first.refreshToken);
    const answers = await Promise.all([
      refresh(target, app, second.refreshToken),
      refresh(target, app, second.refreshToken),
      refresh(target, app, first.refreshToken),
    ]);
    const given = answers.filter(({ status }) => status === 200).map(({ refreshToken }) => refreshToken);
    // Within the grace the first may give the second again, which the others then have spent.
    const successors = new Set(given.filter((token) => token !== second.refreshToken));
    expect(successors.size).toBeLessThanOrEqual(1);
  });

  it('75 no token survives a revocation that races a refresh', async () => {
    for (let round = 0; round < 5; round++) {
      const { refreshToken } = await obtainTokens(target, app);
      const [answers] = await Promise.all([
        times(5, () => refresh(target, app, refreshToken)),
        revoke(target, app, refreshToken),
      ]);
      for (const answer of answers.filter(({ status }) => status === 200)) {
        expect(await isActive(answer.accessToken)).toBe(false);
        expect((await refresh(target, app, answer.refreshToken)).error).toBe('invalid_grant');
      }
    }
  });

  it('76 two rotations within the same second do not hide a reuse', async () => {
    const first = await obtainTokens(target, app);
    const second = await refresh(target, app, first.refreshToken);
    const third = await refresh(target, app, second.refreshToken);
    expect((await refresh(target, app, first.refreshToken)).error).toBe('invalid_grant');
    expect((await refresh(target, app, third.refreshToken)).error).toBe('invalid_grant');
  });

  it('77 within 10 s the predecessor of an unused token gives that same token again', async () => {
    const first = await obtainTokens(target, app);
    const second = await refresh(target, app, first.refreshToken);
    target.advance(8);
    const again = await refresh(target, app, first.refreshToken);
    expect(again.status).toBe(200);
    expect(again.refreshToken).toBe(second.refreshToken);
    expect(again.accessToken).not.toBe(second.accessToken);
    expect(await isActive(second.accessToken)).toBe(true);
    expect((await refresh(target, app, second.refreshToken)).status).toBe(200);
  });

  it('77 not any more once its successor has been used', async () => {
    const first = await obtainTokens(target, app);
    const second = await refresh(target, app, first.refreshToken);
    await refresh(target, app, second.refreshToken);
    expect((await refresh(target, app, first.refreshToken)).error).toBe('invalid_grant');
    expect(await isActive(second.accessToken)).toBe(false);
  });

  it('78 of another client is invalid_grant and harms nothing', async () => {
    const { refreshToken, accessToken } = await obtainTokens(target, app);
    for (const client of [otherApp, publicApp]) {
      expect((await refresh(target, client, refreshToken)).error).toBe('invalid_grant');
    }
    expect(await isActive(accessToken)).toBe(true);
    expect((await refresh(target, app, refreshToken)).status).toBe(200);
  });

  it('78 another client that presents a spent token does not end the family', async () => {
    const first = await obtainTokens(target, app);
    const second = await refresh(target, app, first.refreshToken);
    target.advance(11);
    expect((await refresh(target, otherApp, first.refreshToken)).error).toBe('invalid_grant');
    expect((await refresh(target, app, second.refreshToken)).status).toBe(200);
  });

  it('78 a confidential client has to authenticate', async () => {
    const { refreshToken } = await obtainTokens(target, app);
    const answer = await refresh(target, app, refreshToken, { client_secret: undefined });
    expect(answer.status).toBe(401);
    expect((await refresh(target, app, refreshToken)).status).toBe(200);
  });

  it('79 scope may be narrowed for the access token, and comes back with the next one', async () => {
    const first = await obtainTokens(target, app, { scope: 'openai:text openai:images' });
    const narrow = await refresh(target, app, first.refreshToken, { scope: 'openai:images' });
    expect(narrow.body.scope).toBe('openai:images');
    expect(await introspect(target, app, narrow.accessToken)).toMatchObject({ scope: 'openai:images' });
    const wide = await refresh(target, app, narrow.refreshToken);
    expect(wide.body.scope).toBe('openai:text openai:images');
  });

  it('79 a wider scope is invalid_scope and does not use the token up', async () => {
    const { refreshToken } = await obtainTokens(target, app, { scope: 'openai:text' });
    for (const scope of ['openai:text openai:images', 'openai:images', 'no:such']) {
      expect((await refresh(target, app, refreshToken, { scope })).error).toBe('invalid_scope');
    }
    expect((await refresh(target, app, refreshToken)).status).toBe(200);
  });

  it('80 a resource outside the grant is invalid_target and does not use the token up', async () => {
    const { refreshToken } = await obtainTokens(target, app);
    for (const resource of ['https://evil.example', `${target.baseUrl}/anthropic`, 'openai']) {
      expect((await refresh(target, app, refreshToken, { resource })).error).toBe('invalid_target');
    }
    const resource = `${target.baseUrl}/openai/v1`;
    expect((await refresh(target, app, refreshToken, { resource })).status).toBe(200);
  });

  it('81 a token that is not used for a day expires', async () => {
    const used = await obtainTokens(target, app);
    const idle = await obtainTokens(target, app);
    target.advance(23 * 3600);
    const next = await refresh(target, app, used.refreshToken);
    target.advance(3600 + 1);
    expect((await refresh(target, app, idle.refreshToken)).error).toBe('invalid_grant');
    expect((await refresh(target, app, next.refreshToken)).status).toBe(200);
  });

  it('81 it dies with its grant: disconnected, key deleted, password changed', async () => {
    const { store } = target.broker.deps;
    const by = { kind: 'system' } as const;
    for (const end of [
      async ({ grant }) => void (await store.grants.revokeGrant(grant.id, 'user', by)),
      async ({ credentialId }) => void (await store.credentials.deleteCredential(credentialId, by)),
      async ({ grant }) => void (await store.accounts.changePassword(grant.userId, 'hash', by)),
      async ({ grant }) => void (await store.accounts.setUserStatus(grant.userId, 'suspended', by)),
    ] satisfies ((connection: Awaited<ReturnType<typeof connected>>) => Promise<void>)[]) {
      const connection = await connected();
      await end(connection);
      expect((await refresh(target, app, connection.tokens.refreshToken)).error).toBe('invalid_grant');
      expect(await isActive(connection.tokens.accessToken)).toBe(false);
    }
  });

  it('81 it dies with its client', async () => {
    const doomed = await target.registerApp();
    const { refreshToken } = await obtainTokens(target, doomed);
    await target.broker.deps.store.clients.deleteClient(doomed.clientId, { kind: 'system' });
    expect((await refresh(target, doomed, refreshToken)).error).toBe('invalid_client');
  });

  it('81 what an operator suspends gets nothing until that is lifted, and then goes on', async () => {
    const by = { kind: 'system' } as const;
    const { accounts, clients } = target.broker.deps.store;
    const { tokens, grant } = await connected();
    const { userId, clientId } = grant;
    const suspensions = [
      ['invalid_grant', (status: UserStatus) => accounts.setUserStatus(userId, status, by)],
      ['unauthorized_client', (status: ClientStatus) => clients.setClientStatus(clientId, status, by)],
    ] as const;
    let { refreshToken } = tokens;
    for (const [error, suspend] of suspensions) {
      await suspend('suspended');
      expect((await refresh(target, app, refreshToken)).error).toBe(error);
      await suspend('active');
      const next = await refresh(target, app, refreshToken);
      expect(next.status).toBe(200);
      refreshToken = next.refreshToken;
    }
  });

  it('79 what the user has taken back since is missing from the next access token', async () => {
    const browser = await target.signIn();
    const first = await obtainTokens(target, app, { scope: 'openai:text openai:images' }, { browser });
    await obtainTokens(target, app, { scope: 'openai:text' }, { browser });
    expect((await refresh(target, app, first.refreshToken)).body.scope).toBe('openai:text');
    expect(await introspect(target, app, first.accessToken)).toMatchObject({ scope: 'openai:text' });
  });

  it('83 an access token, a code or nonsense is no refresh token', async () => {
    const { accessToken } = await obtainTokens(target, app);
    const { code } = await obtainCode(target, app);
    for (const token of [accessToken, code, 'nonsense', 'ccrt_', 'a'.repeat(20_000)]) {
      const answer = await refresh(target, app, token);
      expect(answer.status).toBe(400);
      expect(answer.error).toBe('invalid_grant');
    }
    expect((await refresh(target, app, '')).error).toBe('invalid_request');
  });

  it('83 a refresh token opens nothing at the proxy', async () => {
    const { refreshToken, accessToken } = await obtainTokens(target, app, { scope: 'openai:models.read' });
    expect(await callProxy(target, refreshToken)).toBe(401);
    expect(await callProxy(target, accessToken)).toBe(200);
  });

  it('84 the database holds no code, token or secret that could be used', async () => {
    const issued = await obtainCode(target, app);
    const tokens = await redeem(target, app, issued);
    const next = await refresh(target, app, tokens.refreshToken);
    await ask(target, '/oauth/token', {});
    const stored = await target.broker.home.contents();
    const secrets = [
      issued.code,
      issued.verifier,
      tokens.accessToken,
      tokens.refreshToken,
      next.refreshToken,
    ];
    for (const secret of [...secrets, app.clientSecret ?? '']) {
      expect(stored.includes(secret)).toBe(false);
      expect(stored.includes(secret.slice(5))).toBe(false);
    }
    expect(stored.includes(app.clientId)).toBe(true);
  });
});
