/** One process of the benchmark: `node contestant.ts ROLE [URL of the upstream] [URL of a PostgreSQL database]`. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import {
  Agent,
  createServer,
  request as httpRequest,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { Pool } from 'undici';
import { readConfig } from '../../src/config.ts';
import { closeDeps, type Deps, openDeps } from '../../src/deps.ts';
import { createGrant } from '../../src/grants/create.ts';
import { newId } from '../../src/lib/ids.ts';
import { createProxy } from '../../src/proxy/http.ts';
import { depositKey } from '../../src/vault/deposit.ts';

const answer = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'y'.repeat(200) }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 150 },
});

const event = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-4o-mini',
  choices: [{ index: 0, delta: { content: 'yyyy' }, finish_reason: null }],
  usage: null,
});
const events = 20;
/** Milliseconds. */
const gap = 20;

const roles: Readonly<Record<string, (upstreamUrl: string, databaseUrl?: string) => Promise<void>>> = {
  upstream,
  pipe,
  dispatch,
  proxy,
};
const [role = '', upstreamUrl = '', databaseUrl] = process.argv.slice(2);
await roles[role]?.(upstreamUrl, databaseUrl);

/** Stands for the provider: one answer, or a stream of events where the body asks for it. */
async function upstream(): Promise<void> {
  await serve(async (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(request, 'end');
    if (Buffer.concat(chunks).includes('"stream":true')) return writeEvents(response);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
}

async function writeEvents(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let written = 0; written < events && !response.destroyed; written += 1) {
    response.write(`data: ${event}\n\n`);
    await sleep(gap);
  }
  response.end('data: [DONE]\n\n');
}

/** Raw `node:http` in and out. */
async function pipe(upstreamUrl: string): Promise<void> {
  const agent = new Agent({ keepAlive: true });
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

/** `node:http` in, undici's `dispatch` out. */
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

async function proxy(upstreamUrl: string, databaseUrl?: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'coatcheck-bench-'));
  const config = readConfig({
    COATCHECK_DATA_DIR: dataDir,
    COATCHECK_MASTER_KEY: randomBytes(32).toString('base64'),
    COATCHECK_OPENAI_BASE_URL: `${upstreamUrl}/v1`,
    ...(databaseUrl && { COATCHECK_DATABASE_URL: databaseUrl }),
  });
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

async function mintToken(deps: Deps): Promise<string> {
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
      jwks: null,
      redirectUris: [],
      scope: 'openai:text',
    },
    actor,
  );
  const grant = {
    userId: user.id,
    clientId: client.id,
    test: false,
    authorizationDetails: [],
    toldOfPayer: [],
    expiresAt: null,
    credentialIds: [],
  };
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
