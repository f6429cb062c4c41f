import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type * as Main from '../../src/main.ts';

/** How the server is doing. Sizes in bytes, the delay in milliseconds. */
export interface Condition {
  readonly rss: number;
  /** What is in use after a collection. */
  readonly heap: number;
  /** Open file descriptors, sockets among them. */
  readonly descriptors: number;
  /** How late the event loop was in the worst of a hundred cases, since the last time it was asked. */
  readonly delay: number;
}

/** Serves like `coatcheck serve`, and tells the parent process how it is doing whenever that asks. */
const { serve }: typeof Main = await import(new URL('../../dist/main.js', import.meta.url).href);
const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();
process.on('message', () => {
  const delay = delays.percentile(99) / 1e6;
  // Before the collection: afterwards it would show that of a machine at rest.
  const rss = process.memoryUsage.rss();
  globalThis.gc?.();
  const { heapUsed: heap } = process.memoryUsage();
  delays.reset();
  process.send?.({ rss, heap, descriptors: readdirSync('/dev/fd').length, delay } satisfies Condition);
});
await serve(process.env);
process.disconnect();
