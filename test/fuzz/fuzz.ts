import fc from 'fast-check';
import { createApp } from '../../src/app.ts';
import { providers } from '../../src/catalog/catalog.ts';
import { startSandbox } from '../../src/sandbox/server.ts';
import { startObserved } from '../soak/soak.ts';
import { startBroker } from '../support/broker.ts';
import type { Home } from '../support/home.ts';
import { type Mint, openMint } from './material.ts';
import { type Draft, draftOf, type Route } from './requests.ts';
import { judge } from './rules.ts';
import { basicOf, send, written } from './send.ts';

const mebibyte = 1024 ** 2;
/** Requests at a time. */
const width = 24;
/** Milliseconds after which there is new material; of what was good before, much is spent. */
const freshFor = 6_000;
/** How many times new material is made before the oldest is forgotten. */
const roundsRemembered = 20;

export interface Report {
  readonly seed: number;
  /** What a request got that it should not have, with the request; null when nothing was found. */
  readonly fault: string | null;
  /** By route: how often it was answered with each kind of status. */
  readonly counts: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** How often a rule saw something given for good material. */
  readonly given: number;
  /** In bytes, at the start, at most, and at the end; the heap is what a collection leaves. */
  readonly rss: { readonly before: number; readonly most: number; readonly after: number };
  readonly heap: { readonly before: number; readonly after: number };
  readonly exitCode: number | null;
}

/** Every route of the application and of the catalog, each method and path once. */
async function listRoutes(): Promise<readonly Route[]> {
  const broker = await startBroker();
  const app = createApp(broker.deps);
  const served = app.routes.filter(({ path }) => !/^\/?\*$/.test(path));
  await app.close();
  await broker.close();
  const proxied = providers.flatMap(({ mount, routes }) =>
    routes.map(({ method, path }) => ({ method, path: mount + path })),
  );
  const all = [...served, ...proxied].map(
    ({ method, path }) => [`${method} ${path}`, { method, path }] as const,
  );
  return [...new Map(all).values()];
}

/** So many at a time as are sent at once. */
function batches(drafts: readonly Draft[]): [Draft[]][] {
  const count = Math.ceil(drafts.length / width);
  return Array.from({ length: count }, (_, index) => [drafts.slice(index * width, (index + 1) * width)]);
}

/**
 * Draws requests of every route and sends them to a server of its own: one of each, and then any for a while.
 * @param home where the server keeps everything; a fresh one
 */
export async function fuzz(home: Home, seconds: number, seed: number): Promise<Report> {
  const routes = await listRoutes();
  const sandbox = await startSandbox();
  const server = await startObserved(home, {
    COATCHECK_SANDBOX: sandbox.url,
    COATCHECK_TRUSTED_PROXIES: '127.0.0.1',
    ...Object.fromEntries(
      providers.map(({ name }) => [`COATCHECK_${name.toUpperCase()}_BASE_URL`, sandbox.urls[name] ?? '']),
    ),
  });
  const mint = await openMint(home, server.url);
  try {
    const supply = await openSupply(mint);
    const counts = new Map(routes.map(({ path }) => [path, {} as Record<string, number>]));
    const before = await server.condition();
    let most = before.rss;
    let watchedAt = performance.now();
    let sent = 0;
    let given = 0;

    const attempt = async (draft: Draft): Promise<string | null> => {
      const { route, method, framing } = draft;
      sent += 1;
      // From an address of its own: who asks too often is told only that.
      const from = `10.${(sent >> 16) & 255}.${(sent >> 8) & 255}.${sent & 255}`;
      const proof = await mint.prove(method, server.url + draft.target.replace(/\?.*/, ''));
      const bytes = written(draft, supply.latest(), from, proof);
      const answer = await send(server.url, bytes, framing === 'cut');
      const kind = typeof answer.status === 'number' ? `${Math.floor(answer.status / 100)}xx` : answer.status;
      const count = counts.get(route.path) ?? {};
      count[kind] = (count[kind] ?? 0) + 1;
      const path = pathServed(routes, bytes);
      // A token may lie on both sides of where one chunk ends.
      const whole = bytes.replace(/\r\n[0-9a-f]+\r\n/g, '');
      const judged = judge(path, method, answer, (name) => supply.isHeld(name, whole));
      if (judged.isGiven) given += 1;
      return judged.complaint && `${judged.complaint}\n${JSON.stringify(bytes)}\n→ ${JSON.stringify(answer)}`;
    };

    const drafts = fc.array(fc.oneof(...routes.map(draftOf)), {
      minLength: 1,
      maxLength: width,
      size: 'max',
    });
    const property = fc.asyncProperty(drafts, async (batch) => {
      await supply.renew();
      if (performance.now() - watchedAt > 5_000) {
        watchedAt = performance.now();
        most = Math.max(most, (await server.condition()).rss);
      }
      const complaints = await Promise.all(batch.map(attempt));
      const found = complaints.find((complaint) => complaint !== null);
      if (found) throw new Error(found);
    });
    const each = batches(routes.flatMap((route) => fc.sample(draftOf(route), { seed, numRuns: 1 })));
    const first = await fc.check(property, { seed, examples: each, numRuns: each.length });
    const result = first.failed
      ? first
      : await fc.check(property, {
          seed,
          numRuns: Number.MAX_SAFE_INTEGER,
          interruptAfterTimeLimit: seconds * 1000,
        });
    const fault = result.failed
      ? describe(result.errorInstance, result.counterexample, server.output())
      : null;
    const after = await server.condition();
    const exitCode = await server.stop();
    return {
      ...{ seed, fault, counts, given, exitCode },
      rss: { before: before.rss, most, after: after.rss },
      heap: { before: before.heap, after: after.heap },
    };
  } finally {
    await mint.close();
    await server.stop('SIGKILL');
    await sandbox.close();
  }
}

/** The path of the route that a request comes to in the end: `..` and the like lead elsewhere than it was drawn for. */
function pathServed(routes: readonly Route[], bytes: string): string {
  const [, target = ''] = /^\S+ (\S*)/.exec(bytes) ?? [];
  const url = target.startsWith('/') ? `http://127.0.0.1${target}` : target;
  if (!URL.canParse(url)) return '';
  const pathname = new URL(url).pathname.replace(/%[2-7][\da-f]/gi, decodeURIComponent);
  const isServed = ({ path }: Route) => {
    const pattern = path
      .replaceAll('.', '\\.')
      .replace(/:\w+|\{\w+\}/g, '[^/]+')
      .replace('*', '.*');
    return new RegExp(`^${pattern}$`).test(pathname);
  };
  return routes.find(isServed)?.path ?? pathname;
}

/** Material that is renewed while it is used up. */
async function openSupply(mint: Mint) {
  const rounds = [await mint.make()];
  let madeAt = performance.now();
  return {
    latest: () => rounds.at(-1) ?? [],
    async renew() {
      if (performance.now() - madeAt < freshFor) return;
      rounds.push(await mint.make());
      if (rounds.length > roundsRemembered) rounds.shift();
      madeAt = performance.now();
    },
    /** Whether a request holds a piece of this name, of now or of before. */
    isHeld: (name: string, bytes: string) =>
      rounds.flat().some((material) => {
        const piece = name === 'basic' ? basicOf(material) : material[name];
        return piece !== undefined && bytes.includes(piece);
      }),
  };
}

function describe(error: unknown, counterexample: readonly unknown[] | null, output: string): string {
  const found = error instanceof Error ? error.message : 'interrupted';
  return `${found}\ndrawn as ${JSON.stringify(counterexample)}\nthe server said last:\n${output.slice(-3_000)}`;
}

/** By route, how often there was which kind of answer, and how the server did. */
export function describeReport({ seed, counts, given, rss, heap }: Report): string {
  const total = [...counts.values()].flatMap(Object.values).reduce((sum, count) => sum + count, 0);
  const rows = [...counts].map(([path, count]) => {
    const kinds = Object.entries(count).toSorted(([a], [b]) => a.localeCompare(b));
    return `${path.padEnd(48)} ${kinds.map(([kind, times]) => `${kind} ${times}`).join(', ')}`;
  });
  const size = (bytes: number) => `${Math.round(bytes / mebibyte)} MiB`;
  return [
    `${total} requests, ${given} of them answered with something given, COATCHECK_TEST_SEED=${seed}`,
    `memory ${size(rss.before)}, at most ${size(rss.most)}, after ${size(rss.after)}; in use ${size(heap.before)}, after ${size(heap.after)}`,
    ...rows,
  ].join('\n');
}
