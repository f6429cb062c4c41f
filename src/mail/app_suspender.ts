import type { Logger } from 'pino';
import type { Store } from '../store/store.ts';
import type { Mail } from './mail.ts';
import { appSuspended } from './notices.ts';

interface SuspenderDeps {
  readonly config: { readonly issuer: string; readonly suspendAfterFlags: number };
  readonly store: Pick<Store, 'clients'>;
  readonly mail: Mail;
  readonly log: Logger;
}

/**
 * Suspends the app of a flagged call when there are too many of them, and has its owner told by mail.
 * @returns takes the id of the call; returns at once and never throws
 */
export function createAppSuspender({ config, store, mail, log }: SuspenderDeps): (callId: string) => void {
  const suspend = async (callId: string) => {
    const client = await store.clients.suspendFlagged(callId, config.suspendAfterFlags);
    if (!client) return;
    log.warn({ clientId: client.id }, 'an app is suspended, because too many of its calls were flagged');
    if (client.ownerId !== null) mail.notify(client.ownerId, appSuspended(config, client));
  };
  return (callId) => {
    suspend(callId).catch((error: unknown) =>
      log.error({ err: error, callId }, 'whether an app is to be suspended could not be found out'),
    );
  };
}
