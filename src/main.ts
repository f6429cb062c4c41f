import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { createSetupLink } from './accounts/invitations.ts';
import { createApp } from './app.ts';
import { type Config, issuerFile, readConfig } from './config.ts';
import { closeDeps, type Deps, openDeps } from './deps.ts';
import { createLogger } from './log.ts';
import { openSandbox } from './sandbox/open.ts';

const sweepInterval = 60_000;

/**
 * Runs the broker until a stop signal, then lets what is under way finish.
 * @param env the environment
 * @throws ConfigError, KeyringError, or the error of listening, each before anything is served
 */
export async function serve(env: NodeJS.ProcessEnv): Promise<void> {
  const server = createServer();
  const config = await listen(server, readConfig(env));
  const log = createLogger(config.logLevel, 'stdout');
  for (const name of config.unknownVariables) log.warn(`${name} is set, but there is no such setting`);
  try {
    const sandbox = await openSandbox(config);
    try {
      const deps = await openDeps(config, { log, sandboxUrl: sandbox.url });
      await run(server, deps).finally(() => closeDeps(deps));
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

async function run(server: Server, deps: Deps): Promise<void> {
  const { config, log } = deps;
  const app = createApp(deps);
  server.on('request', app.listener);
  const sweeper = setInterval(() => void sweep(deps), sweepInterval);
  try {
    writeFileSync(issuerFile(config.dataDir), config.issuer, { mode: 0o600 });
    await announceSetup(deps);
    log.info(`Coatcheck is at ${config.issuer}`);
    await stopSignal(log);
    await drain(server, config.drainTimeout, log);
  } finally {
    clearInterval(sweeper);
    await app.close();
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

async function sweep({ store, log }: Deps): Promise<void> {
  try {
    await store.sweep();
  } catch (error) {
    log.warn({ err: error }, 'deleting what has expired failed; will try again');
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
async function drain(server: Server, timeoutSeconds: number, log: Logger): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => {
    log.warn('the drain timeout is over; ending what is still open');
    server.closeAllConnections();
  }, timeoutSeconds * 1000);
  await closed;
  clearTimeout(timer);
}
