import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createSetupLink } from './accounts/invitations.ts';
import { type App, createApp } from './app.ts';
import { type Config, issuerFile, readConfig } from './config.ts';
import { closeDeps, type Deps, type DepsOptions, openDeps } from './deps.ts';
import { countOpenRequests, type OpenRequests } from './lib/open_requests.ts';
import { wantsWebSocket } from './lib/wants_websocket.ts';
import { createLogger } from './log.ts';
import { openSandbox } from './sandbox/open.ts';
import { longestRequest } from './tokens/dpop.ts';
import { deleteExpiredKeys } from './vault/key_life.ts';
import { isWorker, superviseWorkers, tieToSupervisor } from './workers.ts';

const tidyInterval = 60_000;

/**
 * Runs the broker until a stop signal, then lets what is under way finish.
 * @param env the environment
 * @param options.lease for tests
 * @throws ConfigError, KeyringError, or the error of listening, each before anything is served; WorkersError when several
 * workers were to answer and one does not start or breaks off
 */
export async function serve(env: NodeJS.ProcessEnv, options: Pick<DepsOptions, 'lease'> = {}): Promise<void> {
  const wanted = readConfig(env);
  if (wanted.workers > 1 && isWorker) return serveAsWorker(wanted, options);
  const server = createServer(limits, notYet);
  const config = await listen(server, wanted);
  const log = createLogger(config.logLevel, process.stdout);
  for (const name of config.unknownVariables) log.warn(`${name} is set, but there is no such setting`);
  try {
    const sandbox = await openSandbox(config);
    try {
      const deps = await openDeps(config, { log, sandboxUrl: sandbox.url, ...options });
      const serving = async () => {
        await announce(deps);
        await stopSignal(log);
      };
      const served =
        config.workers === 1
          ? answer(server, deps, serving)
          : answerByWorkers(server, deps, sandbox.url, serving);
      await served.finally(() => closeDeps(deps));
    } finally {
      await sandbox.close();
    }
    log.info('stopped');
  } finally {
    // A start that fails has to end the process, so that whoever watches over it notices.
    server.close();
    server.closeAllConnections();
  }
}

/** Times are in milliseconds. */
const limits = {
  /** Longer than apps and front proxies keep a connection that they mean to use again: whoever waits longest decides. */
  keepAliveTimeout: 75_000,
  /** Nobody needs as long for the head of a request. */
  headersTimeout: 20_000,
  requestTimeout: longestRequest,
  connectionsCheckingInterval: 5_000,
  /** Whatever else a request could become, it stays a request. */
  shouldUpgradeCallback: wantsWebSocket,
};

/** Answers who comes before there is anything to answer with: the port is taken first, so that a start fails early. */
const notYet: RequestListener = (_request, response) => {
  response
    .writeHead(503, { 'content-type': 'text/plain', 'retry-after': '1' })
    .end('Coatcheck is starting.\n');
};

/** Answers requests until `serving` ends, then lets what is under way finish. */
async function answer(server: Server, deps: Deps, serving: () => Promise<void>): Promise<void> {
  let app: App | undefined;
  await deps.instance.join(() => {
    server.closeAllConnections();
    app?.cut();
  });
  app = createApp(deps);
  const requests = countOpenRequests(server);
  server.off('request', notYet).on('request', app.listener).on('upgrade', app.upgrade);
  const tidying = setInterval(() => void tidyUp(deps), tidyInterval);
  try {
    await serving();
    await drain(server, app, requests, deps);
  } finally {
    clearInterval(tidying);
    await app.close();
  }
}

/** Has workers answer, at the port that turned out to be free, with the one sandbox. */
async function answerByWorkers(
  server: Server,
  { config, log }: Deps,
  sandboxUrl: string | null,
  serving: () => Promise<void>,
): Promise<void> {
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  const env = { PORT: String(config.port), COATCHECK_SANDBOX: sandboxUrl ?? 'off' };
  await superviseWorkers({ count: config.workers, env, log }, serving);
}

/** Answers as one of several workers; what is done once is done by the process that started it. */
async function serveAsWorker(config: Config, options: Pick<DepsOptions, 'lease'>): Promise<void> {
  const log = createLogger(config.logLevel, process.stdout).child({ worker: process.pid });
  const tie = tieToSupervisor(log);
  try {
    const sandbox = await openSandbox(config);
    const deps = await openDeps(config, { log, sandboxUrl: sandbox.url, ...options });
    const server = createServer(limits);
    // Listens last: from then on it gets its share of the requests. When the first process is gone, that never comes about.
    const serving = () => Promise.race([listen(server, config).then(() => tie.stop), tie.stop]);
    await answer(server, deps, serving).finally(() => closeDeps(deps));
  } finally {
    tie.cut();
  }
}

/** Listens; with port 0 the configuration gets the port that was free. */
async function listen(server: Server, config: Config): Promise<Config> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, config.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  if (config.port !== 0) return config;
  const issuer = config.issuer.replace(/:0$/, `:${port}`);
  return { ...config, port, issuer };
}

/** Says where the broker is: in the log, to commands beside it, and to whoever is to make the first account. */
async function announce(deps: Deps): Promise<void> {
  const { config, log } = deps;
  writeFileSync(issuerFile(config.dataDir), config.issuer, { mode: 0o600 });
  await announceSetup(deps);
  log.info(`Coatcheck is at ${config.issuer}`);
}

/**
 * While there is no account, gives out the link that makes the first one: to a terminal, or else to a file that only
 * the owner can read, so that it never lands in collected logs.
 */
async function announceSetup(deps: Deps): Promise<void> {
  const { config, log } = deps;
  const file = join(config.dataDir, 'setup-link');
  rmSync(file, { force: true });
  const link = await createSetupLink(deps);
  if (link === null) return;
  if (process.stdout.isTTY) {
    process.stdout.write(
      `\nThere is no account yet. Make the first one, the operator's, within an hour:\n  ${link.url}\n\n`,
    );
  } else {
    writeFileSync(file, `${link.url}\n`, { mode: 0o600, flag: 'wx' });
    log.info(
      { file },
      'there is no account yet: open the link in this file within an hour to make the first one',
    );
  }
}

/** What is due now and then; each process on the store tries, and what is to be done once one of them does. */
async function tidyUp(deps: Deps): Promise<void> {
  const { store, signingKeys, mail, config, log } = deps;
  try {
    await deleteExpiredKeys(deps);
    await mail.sendDue();
    await store.sweep();
    const kid = await signingKeys.rotateWhenDue(config.signingKeyLife);
    if (kid !== null) log.info({ kid }, 'access tokens are now signed with a new key');
  } catch (error) {
    log.warn(
      { err: error },
      'deleting what has expired, or rotating the signing key, failed; will try again',
    );
  }
}

function stopSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      log.info(`${signal}: finishing what is under way`);
      resolve();
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  });
}

/** Stops accepting, waits for open requests, and ends them when the time is up. */
async function drain(
  server: Server,
  app: App,
  requests: OpenRequests,
  { config, log }: Pick<Deps, 'config' | 'log'>,
): Promise<void> {
  const done = Promise.all([requests.none(), app.drain()]);
  // Not by http's own `close`: that ends idle connections at once, and those may be on which a proxy in front of us asks
  // whether we are ready.
  const closed = new Promise((resolve) => NetServer.prototype.close.call(server, resolve));
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    log.warn('the drain timeout is over; ending what is still open');
    timeout.resolve();
  }, config.drainTimeout * 1000);
  await Promise.race([done, timeout.promise]);
  clearTimeout(timer);
  server.closeAllConnections();
  app.cut();
  await closed;
  // What a cut connection cuts short is noticed a moment later, and is to be settled as what it was.
  await Promise.race([requests.none(), sleep(1000, undefined, { ref: false })]);
}
