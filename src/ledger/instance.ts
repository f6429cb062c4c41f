import { setImmediate } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { InstanceStore } from '../store/contract/instances.ts';

/** This process as the others on its store see it: a name in the call records, and a lease that shows that it lives. */
export interface Instance {
  /** Names this process in the call records. It changes when the process was taken for dead. */
  readonly id: string;
  /**
   * Takes the lease. From then on renews it, and settles the calls of instances whose lease ran out. To be called before
   * the first call is admitted.
   * @param onDeclaredDead hears that this process was taken for dead: its calls are settled, what runs of them must end
   * @throws when the store fails
   */
  join(onDeclaredDead: () => void): Promise<void>;
  /** Gives the lease back, once everything is settled. Never throws. */
  leave(): Promise<void>;
}

/** In seconds. */
export interface LeaseTimes {
  readonly lease: number;
  readonly heartbeat: number;
}

const usualTimes: LeaseTimes = { lease: 30, heartbeat: 5 };

/** Calls settled in one transaction, so that none is long. */
const step = 100;

/** An instance with an id of its own; without `join` it has no lease, and admits no calls. */
export function createInstance(
  store: InstanceStore,
  options: { readonly log: Logger; readonly clock: Clock; readonly times?: LeaseTimes },
): Instance {
  const { log, clock, times = usualTimes } = options;
  const lease = times.lease * 1000;
  let id = newId('ins', clock());
  /** Since when, and until when, every heartbeat reached the store, by the store's clock. */
  let contact: { readonly since: number; readonly last: number } | null = null;
  let timer: NodeJS.Timeout | undefined;
  let beating: Promise<void> | undefined;
  let hasJoined = false;

  const beat = async (onDeclaredDead: () => void) => {
    const { isDead, now } = await store.beat(id, times.lease);
    if (isDead) {
      contact = null;
      await startOver(onDeclaredDead);
      return;
    }
    // A longer silence without a failure is a machine that slept, and others may have slept with it.
    const isUnbroken = contact && now >= contact.last && now - contact.last <= lease / 2;
    contact = { since: contact && isUnbroken ? contact.since : now, last: now };
    // While the store was out of reach nobody could renew a lease: all that live get the time to.
    if (now - contact.since >= lease) await recover();
  };

  const startOver = async (onDeclaredDead: () => void) => {
    const next = newId('ins', clock());
    log.error(
      { was: id, now: next },
      'out of reach for so long that other instances settled the calls of this one; ending them, going on under a new id',
    );
    try {
      await store.beat(next, times.lease);
      id = next;
    } finally {
      onDeclaredDead();
    }
  };

  const recover = async () => {
    for (;;) {
      const { declaredDead, settled } = await store.recover(id, step);
      if (declaredDead.length > 0 || settled > 0) {
        log.warn({ declaredDead, settled }, 'settled the calls of instances that are gone');
      }
      if (settled < step) return;
      await setImmediate();
    }
  };

  const schedule = (onDeclaredDead: () => void) => {
    timer = setTimeout(() => {
      beating = beat(onDeclaredDead)
        .catch((error: unknown) => {
          contact = null;
          log.error({ err: error }, 'renewing the lease failed; will try again');
        })
        .finally(() => {
          if (hasJoined) schedule(onDeclaredDead);
        });
    }, times.heartbeat * 1000);
  };

  return {
    get id() {
      return id;
    },

    async join(onDeclaredDead) {
      await beat(onDeclaredDead);
      hasJoined = true;
      schedule(onDeclaredDead);
    },

    async leave() {
      if (!hasJoined) return;
      hasJoined = false;
      clearTimeout(timer);
      await beating;
      try {
        await store.leave(id);
      } catch (error) {
        log.warn({ err: error }, 'giving the lease back failed; it will run out');
      }
    },
  };
}
