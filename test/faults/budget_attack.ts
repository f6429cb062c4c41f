import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import type { Budget } from '../../src/store/budget.ts';
import type { AccessBudget, Credential } from '../../src/store/records.ts';
import { createClient, createUser, deposit, grantTo, providerNamed, startBroker } from '../support/broker.ts';
import type { Home } from '../support/home.ts';
import { accessTo, limitGrant } from '../support/limits.ts';
import { freePort, type ServerProcess, startServer } from '../support/process.ts';
import { type Answered, type Shot, shoot } from './support/attacker.ts';
import type { Draw } from './support/drawing.ts';
import { createRandom } from './support/random.ts';

/** As dear as the dearest model that each of them has, in USD for a million tokens. */
const unpriced = {
  openai: { input: 150, output: 600 },
  anthropic: { input: 15, output: 75 },
  gemini: { input: 15, output: 75 },
};
/** A server keeps a database of SQLite to itself. */
const instancesOn = { postgres: 2, sqlite: 1 };
const longestPause = 300;
/** Of those that go upstream, from one kill to the next. */
const mostRequestsBetween = 20;

/** For good, in nano-USD. */
type HolderLimit = Pick<Budget, 'limit' | 'strict'>;

interface AttackOptions {
  readonly home: Home;
  /** Made at once. */
  readonly calls: number;
  /** How often a server is killed meanwhile. */
  readonly kills: number;
  readonly seed: number;
  readonly providers: readonly string[];
  /** Of the grant, at each provider. */
  readonly budgets: readonly AccessBudget[];
  /** Of its user and of each key. */
  readonly limits: { readonly user: HolderLimit; readonly key: HolderLimit };
  /** What is fired; drawn at random. */
  readonly shots: readonly Draw[];
  /** What is asked again and again in the end. */
  readonly last: Draw;
}

/** In nano-USD. */
export interface Bill {
  /** The provider's id of the request; not all of them tell it. */
  readonly id: string | null;
  readonly billed: number;
}

/** A call on record; amounts in nano-USD. */
export interface Recorded {
  readonly provider: string;
  readonly grantId: string;
  readonly credentialId: string;
  readonly upstreamRequestId: string | null;
  readonly outcome: string;
  readonly usage: unknown;
  readonly cost: number | null;
  readonly counted: number;
}

/**
 * Attacks the budget of a user from all sides at once: instances that share it, apps that leave in the middle, answers
 * without usage, and servers that are killed. In the end it asks on, one call after the other, until nothing is left.
 * @param options.seed decides what is asked, when apps leave and when servers are killed
 * @throws when calls stay pending
 */
export async function attackBudget(options: AttackOptions) {
  const { home, calls, kills, seed, shots, last } = options;
  const random = createRandom(seed);
  const sandbox = await startSandbox({ unpriced });
  onTestFinished(() => sandbox.close());
  const ports = await Promise.all(Array.from({ length: instancesOn[home.store] }, freePort));
  const issuer = `http://127.0.0.1:${ports[0]}`;
  const { token, user } = await connectLimited(home, issuer, options);
  const start = (port: number) => startInstance(home, { issuer, port, sandbox });
  const servers = await Promise.all(ports.map(start));

  const answers: Answered[] = [];
  let isUnderAttack = true;
  const attack = Array.from({ length: calls }, async (_, index) => {
    const draw = createRandom(seed + index);
    const shot = shots[draw.between(0, shots.length)];
    const port = ports[index % ports.length];
    if (!shot || port === undefined) throw new Error('nothing to ask, or nobody');
    const ask = (attempt: number) => shot(draw, `call ${index}, attempt ${attempt}`);
    answers.push(...(await shoot(`http://127.0.0.1:${port}`, token, draw, ask)));
  });
  const ended = Promise.all(attack).finally(() => {
    isUnderAttack = false;
  });
  for (let killed = 0; killed < kills && isUnderAttack; killed++) {
    const enough = sandbox.totals().requests + random.between(1, mostRequestsBetween);
    await vi.waitUntil(() => sandbox.totals().requests >= enough || !isUnderAttack, { timeout: 20_000 });
    await sleep(random.between(0, longestPause));
    const victim = killed % servers.length;
    await servers[victim]?.stop('SIGKILL');
    servers[victim] = await start(ports[victim] ?? 0);
  }
  await ended;
  await allSettled(home, sandbox);
  await useUp(issuer, token, (text) => last(random, text));
  await allSettled(home, sandbox);
  await Promise.all(servers.map((server) => server.stop()));

  const bills = sandbox
    .received()
    .flatMap(({ request_id: id, billed_nano_usd: billed }): Bill[] => (billed > 0 ? [{ id, billed }] : []));
  return {
    answers,
    refused: answers.filter(({ code }) => code?.startsWith('budget_')).length,
    bills,
    billed: sum(Object.values(sandbox.totals().billed_nano_usd)),
    recorded: await recordedCalls(home),
    counters: await countersIn(home, user),
  };
}

export function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

async function connectLimited(
  home: Home,
  issuer: string,
  { providers, budgets, limits }: Pick<AttackOptions, 'providers' | 'budgets' | 'limits'>,
): Promise<{ readonly token: string; readonly user: string }> {
  const broker = await startBroker({ home, env: { COATCHECK_ISSUER: issuer } });
  try {
    const user = await createUser(broker);
    const keys: Credential[] = [];
    for (const provider of providers) keys.push(await deposit(broker, user.id, undefined, provider));
    const lent = providers.flatMap((provider) => providerNamed(provider).scopes.map(({ scope }) => scope));
    const scopes = lent.filter((scope) => /:(text|embeddings|images|tools\.web|tools\.code)$/.test(scope));
    const { access_token: token } = await grantTo(broker, user, await createClient(broker, user.id), scopes);
    const holders = [
      { holder: user.id, ...limits.user },
      ...keys.map(({ id }) => ({ holder: id, ...limits.key })),
    ];
    for (const each of holders) {
      const budget = { ...each, unit: 'nano_usd', period: 'total' } as const;
      await broker.deps.store.budgets.setBudget(budget, user.id, { kind: 'system' });
    }
    await limitGrant(broker, token, ...providers.map((provider) => accessTo(provider, { budgets })));
    return { token, user: user.id };
  } finally {
    await broker.close();
  }
}

async function startInstance(
  home: Home,
  { issuer, port, sandbox }: { readonly issuer: string; readonly port: number; readonly sandbox: Sandbox },
): Promise<ServerProcess> {
  const dataDir = home.store === 'postgres' ? join(home.dataDir, `instance-${port}`) : home.dataDir;
  const env = {
    ...home.env,
    COATCHECK_MASTER_KEY_FILE: join(home.dataDir, 'master.key'),
    COATCHECK_ISSUER: issuer,
    COATCHECK_SANDBOX: sandbox.url,
  };
  const server = await startServer({ dataDir, env }, { PORT: String(port) }, { shortLease: true });
  onTestFinished(async () => void (await server.stop('SIGKILL')));
  return server;
}

/** Waits until nothing is under way any more, neither here nor at the provider. */
async function allSettled(home: Home, sandbox: Sandbox): Promise<void> {
  const pending = () => home.query<{ id: string }>(`select id from calls where state = 'pending'`);
  await vi.waitFor(async () => expect(await pending()).toEqual([]), { timeout: 20_000, interval: 100 });
  await vi.waitFor(() => expect(sandbox.received().some(({ outcome }) => outcome === 'open')).toBe(false), {
    timeout: 20_000,
  });
}

/** Asks until the budget refuses. */
async function useUp(url: string, token: string, ask: (text: string) => Shot): Promise<void> {
  for (let calls = 0; calls < 200; calls++) {
    const { path, body } = ask(`rest ${calls}`);
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await response.text();
    if (response.status === 402) return;
    // The call before is being settled.
    if (response.status === 429) await sleep(50);
    else expect(response.status).toBe(200);
  }
  throw new Error('the budget is never used up');
}

async function recordedCalls(home: Home): Promise<readonly Recorded[]> {
  return home.query<Recorded>(
    `select provider, grant_id as "grantId", credential_id as "credentialId",
      upstream_request_id as "upstreamRequestId", outcome, usage, cost_nano_usd as cost,
      counted_nano_usd as counted from calls`,
  );
}

/** What counters say and have to say, by the calls on record. */
async function countersIn(home: Home, user: string) {
  const recorded = await recordedCalls(home);
  const counters = await home.query<{ id: string; spent: number; reserved: number }>(
    'select id, spent, reserved from counters order by id',
  );
  return counters.map(({ id, spent, reserved }) => {
    const [holder = '', provider = '', unit = ''] = id.split(' ');
    const covered = recorded.filter(
      (call) =>
        [user, call.grantId, call.credentialId].includes(holder) && ['*', call.provider].includes(provider),
    );
    const sent = covered.filter(({ outcome }) => outcome !== 'not_sent').length;
    return {
      id,
      unit,
      spent,
      reserved,
      due: unit === 'calls' ? sent : sum(covered.map(({ counted }) => counted)),
    };
  });
}
