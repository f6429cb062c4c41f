import { sql } from 'drizzle-orm';
import type { Secret } from '../../lib/secret.ts';
import { createEndingSignal } from '../ending_signal.ts';
import type { Ending, EndingListener } from '../store.ts';
import { Client } from './client.ts';
import { withoutValues } from './errors.ts';
import type { Session } from './open.ts';

const channel = 'coatcheck_ending';

/** How the connection that listens calls itself in `pg_stat_activity`. */
export const listenerName = 'coatcheck listener';

const firstDelay = 50;
const longestDelay = 5_000;

/** Tells every instance what this transaction ends, once it is committed. */
export async function notifyOf(tx: Session, endings: readonly Ending[]): Promise<void> {
  if (endings.length === 0) return;
  const grantIds = sql.param(endings.map(({ grantId }) => grantId));
  await tx.execute(
    sql`select pg_notify(${channel}, grant_id) from unnest(${grantIds}::text[]) as ended (grant_id)`,
  );
}

/** The endings that this process or any other instance tells of. Nothing is connected before somebody listens. */
export interface RemoteEndings {
  /** Tells of an ending in this process, which then does not depend on the connection. */
  emit(ending: Ending): void;
  subscribe(listener: EndingListener): () => void;
  close(): void;
}

/**
 * Listens on a connection of its own; one that is lost is replaced, with growing pauses between the attempts.
 * @param onLost hears of the connection's loss, once until there is one again
 */
export function remoteEndings(
  url: Secret,
  isOwn: (serverProcess: number) => boolean,
  onLost: (error: unknown) => void,
): RemoteEndings {
  const signal = createEndingSignal();
  let client: Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let delay = firstDelay;
  let isLost = false;
  let isClosed = false;

  const replace = (broken: Client, error: unknown) => {
    if (client !== broken || isClosed) return;
    client = undefined;
    broken.end().catch(() => {});
    if (!isLost) onLost(withoutValues(error));
    isLost = true;
    retry = setTimeout(connect, delay).unref();
    delay = Math.min(2 * delay, longestDelay);
  };

  const connect = async () => {
    const fresh = new Client({
      connectionString: url.unwrap(),
      application_name: listenerName,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
    });
    client = fresh;
    fresh.on('error', (error) => replace(fresh, error));
    fresh.on('end', () => replace(fresh, new Error('The connection was closed')));
    fresh.on('notification', ({ payload, processId }) => {
      // What this process ended it has told already.
      if (!isOwn(processId)) signal.emit({ grantId: payload || null });
    });
    try {
      await fresh.connect();
      await fresh.query(`listen ${channel}`);
      delay = firstDelay;
      isLost = false;
      // Whatever ended while nobody listened.
      signal.emit({ grantId: null });
    } catch (error) {
      replace(fresh, error);
    }
  };

  return {
    emit: signal.emit,
    subscribe(listener) {
      const stop = signal.subscribe(listener);
      if (!client && !retry && !isClosed) void connect();
      return stop;
    },
    close() {
      isClosed = true;
      clearTimeout(retry);
      client?.end().catch(() => {});
    },
  };
}
