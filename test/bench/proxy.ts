/**
 * What a call through the proxy costs, beside the least that node could do without token, check, key and record: a pipe
 * of raw `node:http`, and undici's `dispatch`. They run in turn on the same machine against the same upstream, each in a
 * process of its own.
 *
 *   node test/bench/proxy.ts [seconds per round] [rounds] [sqlite | postgres]
 *
 * Absolute figures drift with the machine; the ratios are what to compare. PostgreSQL runs as for the tests, without fsync.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

const connections = 64;
const streams = 100;
/** Seconds. The compiler works on other threads, and its time counts: by then it is done. */
const warmUp = 8;
const path = '/openai/v1/chat/completions';
const question = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: 'x'.repeat(400) }],
};

const [seconds = '3', rounds = '5', store = 'sqlite'] = process.argv.slice(2);
const database = store === 'postgres' ? await startPostgres() : undefined;
const provider = await start('upstream');
const contestants: readonly Contestant[] = await Promise.all(
  ['pipe', 'dispatch', 'proxy'].map((name) => start(name, provider.url, database?.url)),
);
console.table(await compareCalls(contestants, Number(seconds), Number(rounds)));
console.table(await compareStreams(provider, contestants, Number(seconds), Number(rounds)));
for (const { child } of [provider, ...contestants]) child.disconnect();
database?.child.disconnect();

interface Contestant {
  readonly name: string;
  readonly child: ChildProcess;
  readonly url: string;
  readonly token: string;
}

async function start(name: string, ...urls: readonly (string | undefined)[]): Promise<Contestant> {
  const given = urls.filter((url) => url !== undefined);
  const child = fork(join(import.meta.dirname, 'contestant.ts'), [name, ...given]);
  const { url, token } = await message<{ url: string; token: string }>(child);
  return { name, child, url, token };
}

async function startPostgres(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = fork(join(import.meta.dirname, '..', 'support', 'postgres_server.ts'));
  return { child, url: `${await message<string>(child)}/postgres` };
}

async function message<Content>(child: ChildProcess): Promise<Content> {
  const [content] = (await once(child, 'message', { signal: AbortSignal.timeout(30_000) })) as [Content];
  return content;
}

type Table = Readonly<Record<string, Readonly<Record<string, number | string>>>>;

/** Calls that are answered in one piece, as many as go through. */
async function compareCalls(
  contestants: readonly Contestant[],
  seconds: number,
  rounds: number,
): Promise<Table> {
  const measured = contestants.map(() => [] as Round[]);
  for (const contestant of contestants) await measure(contestant, warmUp);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, contestant] of contestants.entries()) {
      measured[index]?.push(await measure(contestant, seconds));
    }
  }
  const medians = measured.map((list) => ({
    callsPerSecond: median(list.map(({ callsPerSecond }) => callsPerSecond)),
    microseconds: median(list.map(({ microseconds }) => microseconds)),
  }));
  const [least] = medians;
  return rows(contestants, (index) => {
    const { callsPerSecond = Number.NaN, microseconds = Number.NaN } = medians[index] ?? {};
    return {
      'calls/s': Math.round(callsPerSecond),
      '× pipe': (callsPerSecond / (least?.callsPerSecond ?? Number.NaN)).toFixed(2),
      'CPU µs/call': Math.round(microseconds),
      'CPU × pipe': (microseconds / (least?.microseconds ?? Number.NaN)).toFixed(2),
    };
  });
}

interface Round {
  readonly callsPerSecond: number;
  readonly microseconds: number;
}

async function measure(contestant: Contestant, seconds: number): Promise<Round> {
  const pool = new Pool(contestant.url, { connections });
  const before = await cpuOf(contestant);
  const calls = await load(pool, contestant.token, seconds);
  const used = (await cpuOf(contestant)) - before;
  await pool.close();
  return { callsPerSecond: calls / seconds, microseconds: used / calls };
}

async function cpuOf({ child }: Contestant): Promise<number> {
  const reported = message<{ cpu: number }>(child);
  child.send('cpu');
  return (await reported).cpu;
}

/** Keeps every connection busy for a time. @returns calls answered */
async function load(pool: Pool, token: string, seconds: number): Promise<number> {
  const body = JSON.stringify(question);
  const end = performance.now() + seconds * 1000;
  let calls = 0;
  const worker = async () => {
    while (performance.now() < end) {
      await (await ask(pool, token, body)).dump();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return calls;
}

/** Streams side by side: what is added to the time that the provider's first piece takes. */
async function compareStreams(
  provider: Contestant,
  contestants: readonly Contestant[],
  seconds: number,
  rounds: number,
): Promise<Table> {
  const added = contestants.map(() => [] as number[]);
  for (let round = 0; round < rounds; round += 1) {
    const direct = await firstPiece(provider, seconds);
    for (const [index, contestant] of contestants.entries()) {
      added[index]?.push((await firstPiece(contestant, seconds)) - direct);
    }
  }
  const [least = Number.NaN, ...others] = added.map(median);
  return rows(contestants, (index) => {
    const milliseconds = [least, ...others][index] ?? Number.NaN;
    return { 'first piece, added ms': milliseconds.toFixed(2), '× pipe': (milliseconds / least).toFixed(2) };
  });
}

/** @returns median of the milliseconds from request to first piece */
async function firstPiece({ url, token }: Contestant, seconds: number): Promise<number> {
  const pool = new Pool(url, { connections: streams });
  const body = JSON.stringify({ ...question, stream: true });
  const end = performance.now() + seconds * 1000;
  const times: number[] = [];
  const worker = async (_: unknown, index: number) => {
    // Not all at once.
    await sleep(4 * index);
    while (performance.now() < end) {
      const asked = performance.now();
      let isFirst = true;
      for await (const _ of await ask(pool, token, body)) {
        if (isFirst) times.push(performance.now() - asked);
        isFirst = false;
      }
    }
  };
  await Promise.all(Array.from({ length: streams }, worker));
  await pool.close();
  return median(times);
}

async function ask(pool: Pool, token: string, body: string) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await pool.request({ method: 'POST', path, headers, body });
  if (answer.statusCode !== 200) throw new Error(`answered with ${answer.statusCode}`);
  return answer.body;
}

function rows(contestants: readonly Contestant[], row: (index: number) => Table[string]): Table {
  return Object.fromEntries(contestants.map(({ name }, index) => [name, row(index)]));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
