/** Starts the demo's programs, each as a process of its own, and ends them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const coatcheck = join(root, 'dist', 'bin.js');
const longestStart = 30_000;

interface Part {
  readonly url: string;
  readonly process: ChildProcess;
}

/** A broker and a sandbox on free ports, with a data folder that goes when they end. */
export class Demo {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'coatcheck-demo-'));
  readonly #parts: ChildProcess[] = [];

  /** The simulated provider. @returns its base URL */
  startSandbox(): Promise<Part> {
    return this.#start([coatcheck, 'sandbox', '--port', '0'], {}, /The sandbox is at (\S+)/);
  }

  startBroker(sandboxUrl: string, port = 0): Promise<Part> {
    return this.#start(
      [coatcheck, 'serve'],
      { PORT: String(port), COATCHECK_DATA_DIR: this.dataDir, COATCHECK_SANDBOX: sandboxUrl },
      /Coatcheck is at (http[^"\s]+)/,
    );
  }

  /** The third-party app. It gets what any app gets: the broker's address and its own credentials. */
  startApp(brokerUrl: string, client: { id: string; secret: string }, port: number): Promise<Part> {
    return this.#start(
      [join(import.meta.dirname, 'app.ts')],
      { BROKER_URL: brokerUrl, CLIENT_ID: client.id, CLIENT_SECRET: client.secret, PORT: String(port) },
      /Postcards is at (\S+)/,
    );
  }

  /** One command of the broker's command line. @returns what it printed with `--json` */
  async command<Result>(args: readonly string[], input = ''): Promise<Result> {
    const child = spawn(process.execPath, [coatcheck, ...args, '--json'], {
      env: { ...process.env, COATCHECK_DATA_DIR: this.dataDir },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(`${input}\n`);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(`coatcheck ${args.join(' ')} ended with ${code}`);
    return JSON.parse(output) as Result;
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#parts.reverse().map(async (part) => {
        if (part.exitCode !== null || part.signalCode !== null) return;
        const ended = once(part, 'exit');
        part.kill('SIGTERM');
        await ended;
      }),
    );
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Starts a program and waits for the line that says where it is. */
  #start(args: readonly string[], env: Readonly<Record<string, string>>, ready: RegExp): Promise<Part> {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#parts.push(child);
    return new Promise((resolve, reject) => {
      let output = '';
      const failed = (why: string) => reject(new Error(`${args.join(' ')} ${why}\n${output}`));
      const timer = setTimeout(() => failed('took too long to start'), longestStart);
      const read = (text: string) => {
        output = (output + text).slice(-10_000);
        const url = ready.exec(output)?.[1];
        if (!url) return;
        clearTimeout(timer);
        resolve({ url, process: child });
      };
      child.stdout.setEncoding('utf8').on('data', read);
      child.stderr.setEncoding('utf8').on('data', read);
      child.once('exit', (code) => {
        clearTimeout(timer);
        failed(`ended with ${code}`);
      });
    });
  }
}
