import type { Store } from '../../src/store/store.ts';
import { perform, type Task } from './tasks.ts';

/**
 * A process of its own for the races: `racer.ts <opener> <location>`. Says `ready`, then performs the tasks of each
 * message and answers with their outcomes.
 */
const [opener = '', location = ''] = process.argv.slice(2);
const { open }: { open: (location: string) => Promise<Store> } = await import(opener);
const store = await open(location);

process.on('message', async ({ tasks, startAt }: { tasks: readonly Task[]; startAt: number }) => {
  while (Date.now() < startAt);
  const outcomes = [];
  for (const task of tasks) outcomes.push(await perform(store, task));
  process.send?.(outcomes);
});
process.on('disconnect', () => store.close());
process.send?.('ready');
