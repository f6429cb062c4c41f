/**
 * What a call through the proxy costs, beside the least that node could do without token, check, key and record: a pipe
 * of raw `node:http`, and undici's `dispatch`. They run in turn on the same machine against the same upstream, each in a
 * process of its own.
 *
 *   node test/bench/proxy.ts [seconds per round] [rounds]
 *
 * Absolute figures drift with the machine; the ratios are what to compare.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request as httpRequest, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Pool } from 'undici';
import { readConfig } from '../../src/config.ts';
import { closeDeps, openDeps } from '../../src/deps.ts';
import { createGrant } from '../../src/grants/create.ts';
import { newId } from '../../src/lib/ids.ts';
import { createProxy } from '../../src/proxy/http.ts';
import { depositKey } from '../../src/vault/deposit.ts';

const connections = 64;
const warmUp = 3;
const path = '/openai/v1/chat/completions';
const question = JSON.stringify({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'x'.repeat(400) }],
});
const answer = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'y'.repeat(200) }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
});

const roles: Readonly<Record<string, (upstream: string) => Promise<void>>> = {
  upstream,
  pipe,
  dispatch,
  proxy,
};
const [role, upstreamUrl = ''] = process.argv.slice(2);
const run = role === undefined ? undefined : roles[role];
await (run ? run(upstreamUrl) : compare(Number(role ?? 3), Number(upstreamUrl || 5)));

async function upstream(): Promise<void> {
  await serve((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
      response.end(answer);
    });
  });
}

async function pipe(upstreamUrl: string): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(upstreamUrl);
  await serve((request, response) => {
    const options = {
      agent,
      hostname,
      port,
      path: request.url,
      method: request.method,
      headers: request.headers,
    };
    const upstreamRequest = httpRequest(options, (upstreamResponse) => {
      response.writeHead(upstreamResponse.statusCode ?? 502, upstreamResponse.headers);
      upstreamResponse.pipe(response);
    });
    upstreamRequest.on('error', () => response.destroy());
    request.pipe(upstreamRequest);
  });
}

async function dispatch(upstreamUrl: string): Promise<void> {
  const pool = new Pool(upstreamUrl);
  await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = ['content-type', 'application/json'];
      pool.dispatch(
        { path: request.url ?? '/', method: 'POST', headers, body: Buffer.concat(chunks) },
        {
          onRequestStart() {},
          onResponseStart(_controller, status, received) {
            response.writeHead(status, ['content-type', String(received['content-type'])]);
          },
          onResponseData: (_controller, chunk) => void response.write(chunk),
          onResponseEnd: () => void response.end(),
          onResponseError: () => void response.destroy(),
        },
      );
    });
  });
}

async function proxy(upstreamUrl: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'coatcheck-bench-'));
  const config = readConfig({ COATCHECK_DATA_DIR: dataDir, COATCHECK_OPENAI_BASE_URL: `${upstreamUrl}/v1` });
  const deps = await openDeps(config, { log: pino({ level: 'silent' }), sandboxUrl: `${upstreamUrl}/v1` });
  const { handle, close } = createProxy(deps);
  process.on('disconnect', async () => {
    await close();
    await closeDeps(deps);
    rmSync(dataDir, { recursive: true, force: true });
    process.exit();
  });
  await serve(handle, await mintToken(deps));
}

async function mintToken(deps: Awaited<ReturnType<typeof openDeps>>): Promise<string> {
  const actor = { kind: 'system' } as const;
  const user = { id: newId('usr'), email: 'bench@example.com', passwordHash: '' };
  await deps.store.accounts.createUser(user, { actor });
  const deposit = { userId: user.id, provider: 'openai', name: null, organization: null, project: null };
  await depositKey(deps, { ...deposit, pasted: 'sk-sandbox-benchmark' }, actor);
  const client = await deps.store.clients.createClient(
    {
      id: newId('cli'),
      ownerId: user.id,
      name: 'Bench',
      type: 'web',
      secretHash: null,
      redirectUris: [],
      scope: 'openai:text',
    },
    actor,
  );
  const grant = { userId: user.id, clientId: client.id, test: false, expiresAt: null, credentialIds: [] };
  const created = await createGrant(deps, { ...grant, scopes: ['openai:text'] }, actor);
  if (created.kind !== 'created') throw new Error(created.kind);
  return created.tokens.access_token;
}

/** Listens, tells the parent where, and answers its questions about CPU time used. */
async function serve(listener: RequestListener, token = ''): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu: user + system });
  });
  process.on('disconnect', () => (role === 'proxy' ? undefined : process.exit()));
  process.send?.({ url: `http://127.0.0.1:${port}`, token });
}

interface Contestant {
  readonly child: ChildProcess;
  readonly url: string;
  readonly token: string;
}

async function start(name: string, upstreamUrl = ''): Promise<Contestant> {
  const child = fork(import.meta.filename, [name, upstreamUrl]);
  const { url, token } = await message<{ url: string; token: string }>(child);
  return { child, url, token };
}

async function message<Content>(child: ChildProcess): Promise<Content> {
  const [content] = (await once(child, 'message', { signal: AbortSignal.timeout(30_000) })) as [Content];
  return content;
}

async function cpuOf({ child }: Contestant): Promise<number> {
  const reported = message<{ cpu: number }>(child);
  child.send('cpu');
  return (await reported).cpu;
}

interface Round {
  readonly callsPerSecond: number;
  readonly microsecondsPerCall: number;
}

async function measure(contestant: Contestant, seconds: number): Promise<Round> {
  const pool = new Pool(contestant.url, { connections });
  // The compiler works on other threads, and its time counts.
  await load(pool, contestant.token, warmUp);
  const before = await cpuOf(contestant);
  const calls = await load(pool, contestant.token, seconds);
  const used = (await cpuOf(contestant)) - before;
  await pool.close();
  return { callsPerSecond: calls / seconds, microsecondsPerCall: used / calls };
}

/** Keeps every connection busy for a time. @returns calls answered with 200 */
async function load(pool: Pool, token: string, seconds: number): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const end = performance.now() + seconds * 1000;
  let calls = 0;
  const worker = async () => {
    while (performance.now() < end) {
      const { statusCode, body } = await pool.request({ method: 'POST', path, headers, body: question });
      await body.dump();
      if (statusCode !== 200) throw new Error(`answered with ${statusCode}`);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return calls;
}

async function compare(seconds: number, rounds: number): Promise<void> {
  const provider = await start('upstream');
  const contestants = await Promise.all(
    ['pipe', 'dispatch', 'proxy'].map(async (name) => ({
      name,
      ...(await start(name, provider.url)),
      rounds: [] as Round[],
    })),
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of contestants) contestant.rounds.push(await measure(contestant, seconds));
  }
  const [pipeMedians] = contestants.map((contestant) => medians(contestant.rounds));
  console.table(
    Object.fromEntries(
      contestants.map(({ name, rounds: measured }) => {
        const { callsPerSecond, microsecondsPerCall } = medians(measured);
        const row = {
          'calls/s': Math.round(callsPerSecond),
          '× pipe': (callsPerSecond / (pipeMedians?.callsPerSecond ?? Number.NaN)).toFixed(2),
          'CPU µs/call': Math.round(microsecondsPerCall),
          'CPU × pipe': (microsecondsPerCall / (pipeMedians?.microsecondsPerCall ?? Number.NaN)).toFixed(2),
        };
        return [name, row];
      }),
    ),
  );
  for (const { child } of [provider, ...contestants]) child.disconnect();
}

function medians(rounds: readonly Round[]): Round {
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  return {
    callsPerSecond: median(rounds.map(({ callsPerSecond }) => callsPerSecond)),
    microsecondsPerCall: median(rounds.map(({ microsecondsPerCall }) => microsecondsPerCall)),
  };
}
