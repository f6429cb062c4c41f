import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
  vi,
} from 'vitest';
import { revokeGrant } from '../../src/grants/revoke.ts';
import { sha256 } from '../../src/lib/hash.ts';
import { listenerName } from '../../src/store/postgres/ending_signal.ts';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { runJson } from '../support/command_line.ts';
import { createHome, type Home } from '../support/home.ts';
import { startServer } from '../support/process.ts';
import { distribution, type OpenStreams, openStreams } from './support/open_streams.ts';
import { call, chat, errorOf, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

describe('revocation', () => {
  it('148 ends running streams, calls that wait for their answer, and refuses the next call', async () => {
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
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    expect((await settledCall(world)).outcome).toBe('cut');
  });

  it('between the admission of a call and its sending keeps it from being sent', async () => {
    const other = await startWorld();
    const { deps } = other.broker;
    const { open } = deps.vault;
    const look = vi.spyOn(deps.store.grants, 'findEnded');
    vi.spyOn(deps.vault, 'open').mockImplementationOnce(async (...which) => {
      const key = await open(...which);
      await revokeGrant(deps, other.grantId, 'user', { kind: 'command_line' });
      await vi.waitFor(async () => expect((await look.mock.results.at(-1)?.value) ?? []).toHaveLength(1));
      await nextTurn();
      return key;
    });
    const response = await call(other, '/chat/completions', { body: chat });
    expect(response.status).toBe(401);
    expect((await errorOf(response)).code).toBe('grant_revoked');
    expect(other.upstream.requests).toEqual([]);
    expect((await settledCall(other)).outcome).toBe('not_sent');
    await other.close();
  });
});

/** What the documentation promises, in milliseconds. */
const bound = 1_000;

/** Waits for the end of streams and says how long after the revocation they went on. */
async function expectCut(where: string, { ends }: OpenStreams, revokedAt: number): Promise<void> {
  const after = (await ends).map((at) => at - revokedAt);
  process.stdout.write(`${where}: ${distribution(after)}\n`);
  expect(Math.max(...after)).toBeLessThan(bound);
}

describe('streams in flight fall silent within a second', () => {
  it('148 of a revocation in their own process, and those of other grants go on', async () => {
    const broker = await startBroker();
    onTestFinished(() => broker.close());
    const { tokens } = await connect(broker);
    const other = await connect(broker);
    const streams = await openStreams(`${broker.url}/openai/v1`, tokens.access_token, 50);
    const others = await openStreams(`${broker.url}/openai/v1`, other.tokens.access_token, 1);
    await revokeGrant(broker.deps, tokens.grant_id, 'user', { kind: 'system' });
    await expectCut('in process', streams, Date.now());
    expect(await Promise.race([others.ends, sleep(500, 'goes on')])).toBe('goes on');
  });

  it('of a revocation by the command line beside a running server', async () => {
    const home = await createHome();
    const server = await startServer(home);
    onTestFinished(async () => {
      await server.stop();
      await home.remove();
    });
    const user = ['--email', 'ada@example.com'];
    await runJson(home, ['user', 'create', ...user], { input: 'correct horse battery\n' });
    await runJson(home, ['key', 'deposit', '--user', 'ada@example.com', '--provider', 'openai'], {
      input: 'sk-sandbox-first-4321\n',
    });
    const { client_id } = await runJson<{ client_id: string }>(home, [
      ...['app', 'create', '--owner', 'ada@example.com', '--name', 'Notes'],
      ...['--redirect-uri', 'https://app.example.com/callback'],
    ]);
    const grant = await runJson<{ grant_id: string; access_token: string }>(home, [
      ...['grant', 'create', '--user', 'ada@example.com', '--client', client_id, '--scope', 'openai:text'],
    ]);
    const streams = await openStreams(`${server.url}/openai/v1`, grant.access_token, 50);
    const { revoked_at } = await runJson<{ revoked_at: string }>(home, ['grant', 'revoke', grant.grant_id]);
    await expectCut('from the command line', streams, Date.parse(revoked_at));
  });

  describe('of a revocation by another instance on the same store', () => {
    let home: Home;
    let streaming: Broker;
    let revoking: Broker;
    beforeEach(async () => {
      home = await createHome();
      streaming = await startBroker({ home });
      revoking = await startBroker({ home });
    });
    afterEach(async () => {
      await streaming.close();
      await revoking.close();
      await home.remove();
    });

    const listeners = async () => {
      const connections = await home.query<{ pid: number }>(
        `select pid from pg_stat_activity
         where datname = current_database() and application_name = '${listenerName}' and query like 'listen%'`,
      );
      return connections.map(({ pid }) => pid);
    };
    const killListeners = async () => {
      for (const pid of await listeners()) await home.query(`select pg_terminate_backend(${pid})`);
    };

    it('whether it tells them or not', async () => {
      const { tokens } = await connect(streaming);
      const streams = await openStreams(`${streaming.url}/openai/v1`, tokens.access_token, 50);
      await revokeGrant(revoking.deps, tokens.grant_id, 'user', { kind: 'system' });
      await expectCut('other instance', streams, Date.now());
    });

    describe.runIf(inject('store') === 'postgres')('on PostgreSQL', () => {
      it('which notifies them, so that opened keys are forgotten too', async () => {
        const { tokens, credential } = await connect(streaming);
        await streaming.deps.vault.open(tokens.grant_id, credential.id, 1);
        await vi.waitFor(async () => expect(await listeners()).toHaveLength(2));
        await revokeGrant(revoking.deps, tokens.grant_id, 'user', { kind: 'system' });
        await vi.waitFor(async () =>
          expect(await streaming.deps.vault.open(tokens.grant_id, credential.id, 1)).toBeNull(),
        );
      });

      it('although nobody can listen', async () => {
        const { tokens } = await connect(streaming);
        const streams = await openStreams(`${streaming.url}/openai/v1`, tokens.access_token, 50);
        await vi.waitFor(async () => expect(await listeners()).toHaveLength(2));
        let isOver = false;
        await killListeners();
        const killing = (async () => {
          while (!isOver) {
            await killListeners();
            await sleep(5);
          }
        })();
        await revokeGrant(revoking.deps, tokens.grant_id, 'user', { kind: 'system' });
        await expectCut('listeners killed', streams, Date.now()).finally(() => {
          isOver = true;
        });
        await killing;
        expect(streaming.logs.filter((line) => line.includes('lost a connection'))).not.toEqual([]);
        await vi.waitFor(async () => expect(await listeners()).toHaveLength(2), { timeout: 10_000 });
      });
    });
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

  it.each(['user', 'app'])('148 the suspension of its %s, also for running streams', async (suspended) => {
    const other = await startWorld();
    const { accounts, clients, grants } = other.broker.deps.store;
    other.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"choices":[]}\n\n');
    };
    const opened = other.upstream.next();
    const stream = await call(other, '/chat/completions', { body: { ...chat, stream: true } });
    const streaming = await opened;
    const reading = stream.text().catch((error: Error) => error);
    const [view] = await grants.listGrants({});
    const { userId, clientId } = view?.grant ?? expect.fail();
    const actor = { kind: 'system' } as const;
    const suspendedAt = performance.now();
    if (suspended === 'user') await accounts.setUserStatus(userId, 'suspended', actor);
    else await clients.setClientStatus(clientId, 'suspended', actor);
    expect(await reading).toBeInstanceOf(Error);
    await streaming.closed;
    expect(performance.now() - suspendedAt).toBeLessThan(1_000);
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
