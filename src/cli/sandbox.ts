import type { Command } from 'commander';
import { startSandbox } from '../sandbox/server.ts';
import { CommandError, type Session } from './session.ts';

/** Adds `sandbox`. */
export function addSandboxCommand(program: Command, session: Session): void {
  program
    .command('sandbox')
    .description('run the simulated providers alone and report what it receives, one JSON line a request')
    .option('--port <port>', 'port on loopback; 0 takes a free one', '8788')
    .action((options: { port: string }) => run(options, session));
}

async function run(options: { port: string }, session: Session): Promise<void> {
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new CommandError('--port takes a number from 0 to 65535.');
  }
  const sandbox = await startSandbox({ port, onRequest: session.report });
  const { url, urls } = sandbox;
  const each = Object.entries(urls).map(([name, at]) => `${name}: ${at}`);
  // On one line: what follows is one line a request.
  session.show({ url, urls }, [`The sandbox is at ${url} (${each.join(', ')})`]);
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await sandbox.close();
}
