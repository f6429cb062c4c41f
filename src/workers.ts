import cluster from 'node:cluster';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { WorkersError } from './lib/workers_error.ts';

/** A worker that lived for less, in milliseconds, is replaced after a pause only, longer each time. */
const shortLife = 10_000;
const firstPause = 100;
const longestPause = 30_000;
/** After so many starts in a row that came to nothing, the next one will not either. */
const mostFailedStarts = 5;

/** Whether this process is a worker, started to share the port of others. */
export const isWorker = cluster.isWorker;

/** How a worker ended, and what it had come to by then. */
interface Life {
  readonly pid: number | undefined;
  readonly hasListened: boolean;
  /** In milliseconds. */
  readonly length: number;
  readonly code: number | null;
  readonly signal: string | null;
}

export interface WorkersOptions {
  readonly count: number;
  /** What their environment has beyond this process's own. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: Logger;
}

/**
 * Runs this program in several workers, which share a port. One that ends is replaced.
 * @param serving begins once all of them listen; when it ends, they finish what is under way and end
 * @throws WorkersError when a worker cannot be started, or ends otherwise than it should; the others have ended then, too
 */
export async function superviseWorkers(options: WorkersOptions, serving: () => Promise<void>): Promise<void> {
  const { count, log } = options;
  // They accept for themselves: a connection that this process had accepted for a worker just killed would stay open,
  // without an answer.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);

  const keepOne = async (onListening: () => void) => {
    let failedStarts = 0;
    let pause = 0;
    while (!stop.signal.aborted) {
      const { pid, hasListened, length, code, signal } = await runWorker(options, stop.signal, onListening);
      const end = { worker: pid, code, signal };
      if (stop.signal.aborted) {
        if (code === 0 || !hasListened) return;
        log.error(end, 'a worker broke off what was under way');
        throw new WorkersError('Not every worker finished what was under way; the log says which.');
      }
      failedStarts = hasListened ? 0 : failedStarts + 1;
      if (failedStarts === mostFailedStarts) {
        throw new WorkersError(
          `A worker failed to start ${failedStarts} times in a row; why, it said above.`,
        );
      }
      pause = length < shortLife ? Math.min(Math.max(2 * pause, firstPause), longestPause) : 0;
      log.error(end, 'a worker ended; starting another');
      await sleep(pause, undefined, { signal: stop.signal }).catch(() => {});
    }
  };

  const workers = Array.from({ length: count }, () => {
    const { promise: listening, resolve: onListening } = Promise.withResolvers<void>();
    return { listening, ended: keepOne(onListening) };
  });
  const ended = Promise.all(workers.map((worker) => worker.ended));
  const listening = Promise.all(workers.map((worker) => worker.listening));
  try {
    await Promise.race([ended, listening.then(serving)]);
  } finally {
    stop.abort();
    await Promise.allSettled(workers.map((worker) => worker.ended));
  }
  await ended;
}

/** Runs one worker to its end, which comes by itself or after `stop`. */
function runWorker({ env, log }: WorkersOptions, stop: AbortSignal, onListening: () => void): Promise<Life> {
  const began = performance.now();
  const worker = cluster.fork(env);
  const { pid } = worker.process;
  let hasListened = false;
  // It may be gone already.
  const tellToStop = () => worker.send('stop', () => {});
  stop.addEventListener('abort', tellToStop);
  worker.once('listening', () => {
    hasListened = true;
    log.info({ worker: pid }, 'a worker listens');
    onListening();
    // Whoever is told during its start does not hear it.
    if (stop.aborted) tellToStop();
  });
  return new Promise((resolve) => {
    const end = (code: number | null, signal: string | null) => {
      stop.removeEventListener('abort', tellToStop);
      resolve({ pid, hasListened, length: performance.now() - began, code, signal });
    };
    worker.once('exit', end);
    // Of a message that it was not there to take, mostly; one that could not be started at all has no other end.
    worker.on('error', () => {
      if (pid === undefined) end(null, null);
    });
  });
}

/** A worker's tie to the process that started it. */
export interface Tie {
  /** Resolves when this worker is to finish: because it is told to, by a signal, or because that process is gone. */
  readonly stop: Promise<void>;
  /** Cuts the tie, which keeps this process from ending. */
  cut(): void;
}

/** To be called by a worker before anything else that takes time. */
export function tieToSupervisor(log: Logger): Tie {
  const { worker } = cluster;
  if (!worker) throw new Error('This process is no worker');
  const { promise: stop, resolve } = Promise.withResolvers<void>();
  const orphan = () => {
    log.warn('the process that started this worker is gone: finishing what is under way');
    // Otherwise cluster ends this process here and now, as is right once we are stopping: whoever sends the first
    // process a second signal does not want to wait.
    worker.exitedAfterDisconnect = true;
    resolve();
  };
  worker.once('disconnect', orphan);
  worker.once('message', () => resolve());
  // A terminal and a service manager signal the workers, too.
  process.once('SIGTERM', () => resolve());
  process.once('SIGINT', () => resolve());
  stop.then(() => worker.off('disconnect', orphan));
  return {
    stop,
    cut() {
      worker.off('disconnect', orphan);
      worker.disconnect();
    },
  };
}
