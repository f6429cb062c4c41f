import { setTimeout as sleep } from 'node:timers/promises';
import type { RegisteredClient } from '../../support/broker.ts';
import { call } from './connect.ts';

/** How one request went. Times in milliseconds on the clock of `performance`. */
export interface Answered {
  readonly kind: 'call' | 'stream' | 'refresh';
  readonly instance: number;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** Good, refused in the way that a client can act on, or what else it was. */
  readonly result: 'good' | 'refused' | { readonly unclean: string };
}

export interface Load {
  readonly answers: readonly Answered[];
  /** @returns once nothing is under way */
  stop(): Promise<void>;
}

export interface LoadApp {
  readonly client: RegisteredClient;
  readonly tokens: { readonly access_token: string; readonly refresh_token: string };
}

/** Milliseconds between two requests of one app. */
const pause = 20;

/** Makes calls, plain and streamed, and refreshes tokens at each of the instances, as fast as they are answered. */
export function startLoad(urls: readonly string[], apps: readonly LoadApp[]): Load {
  const answers: Answered[] = [];
  let isOver = false;
  let calls = 0;

  const measure = async (
    kind: Answered['kind'],
    instance: number,
    request: () => Promise<Answered['result']>,
  ) => {
    const sentAt = performance.now();
    const result = await request().catch((error: Error) => ({ unclean: `${error} ${error.cause ?? ''}` }));
    answers.push({ kind, instance, sentAt, answeredAt: performance.now(), result });
    await sleep(pause);
  };

  const callAgain = async (instance: number, url: string, { tokens }: LoadApp) => {
    for (let stream = false; !isOver; stream = !stream) {
      calls += 1;
      const model = `outage-${calls}`;
      await measure(stream ? 'stream' : 'call', instance, async () => {
        const response = await call(url, tokens.access_token, model, { stream });
        const text = await response.text();
        if (response.status === 200 && text.includes(stream ? '[DONE]' : '"usage"')) return 'good';
        return isCleanRefusal(response, text) ? 'refused' : { unclean: `${response.status} ${text}` };
      });
    }
  };

  const refreshAgain = async (instance: number, url: string, { client, tokens }: LoadApp) => {
    let token = tokens.refresh_token;
    while (!isOver) {
      await measure('refresh', instance, async () => {
        const response = await fetch(`${url}/oauth/token`, {
          method: 'POST',
          body: new URLSearchParams({
            ...{ client_id: client.id, client_secret: client.secret ?? '' },
            ...{ grant_type: 'refresh_token', refresh_token: token },
          }),
        });
        const text = await response.text();
        if (response.status !== 200) {
          return isCleanOAuthError(response, text) ? 'refused' : { unclean: `${response.status} ${text}` };
        }
        token = (JSON.parse(text) as { refresh_token: string }).refresh_token;
        return 'good';
      });
    }
  };

  const running = urls.flatMap((url, instance) =>
    apps.flatMap((app, index) => [
      callAgain(instance, url, app),
      // A refresh token has one owner.
      ...(index % urls.length === instance ? [refreshAgain(instance, url, app)] : []),
    ]),
  );
  return {
    answers,
    async stop() {
      isOver = true;
      await Promise.all(running);
    },
  };
}

/** The provider's shape, and when to come back. */
function isCleanRefusal({ status, headers }: Response, text: string): boolean {
  if (status !== 503 || !(Number(headers.get('retry-after')) > 0)) return false;
  const { error } = JSON.parse(text) as { error: { code: string; source: string; message: string } };
  return error.code === 'broker_unavailable' && error.source === 'coatcheck' && error.message !== '';
}

/** RFC 6749 §5.2 has no code for it; the one for redirects says it. */
function isCleanOAuthError({ status, headers }: Response, text: string): boolean {
  if (status !== 503 || !(Number(headers.get('retry-after')) > 0)) return false;
  return (JSON.parse(text) as { error: string }).error === 'temporarily_unavailable';
}
