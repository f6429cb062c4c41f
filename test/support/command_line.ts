import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCommandLine } from '../../src/cli/program.ts';
import { environmentFor, type Finished, type Place, type Run } from './process.ts';

/** Runs one command to its end, in this process: what only processes have to do with each other is for `spawnCommand`. */
export async function runCommand(
  place: Place,
  args: readonly string[],
  { input = '', env = {} }: Run = {},
): Promise<Finished> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(input);
  const printed = Promise.all([text(stdout), text(stderr)]);
  const surroundings = { env: environmentFor(place, env), stdin, stdout, stderr };
  const code = await runCommandLine(args, surroundings, {
    serve: () => Promise.reject(new Error(servesAlone)),
  });
  stdout.end();
  stderr.end();
  const [onOutput, onError] = await printed;
  return { code, stdout: onOutput, stderr: onError };
}

const servesAlone =
  'A server is a process of its own: startServer, or spawnCommand for one that does not start';

/** Runs one command with `--json` and gives what it printed. */
export async function runJson<Result>(place: Place, args: readonly string[], run: Run = {}): Promise<Result> {
  const { code, stdout, stderr } = await runCommand(place, [...args, '--json'], run);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Result;
}
