import type { Provider } from '../../../src/catalog/provider.ts';
import {
  type Broker,
  type BrokerOptions,
  connect,
  providerNamed,
  startBroker,
} from '../../support/broker.ts';
import { type Answer, startUpstream, type Upstream } from './upstream.ts';

/** A broker before a provider of the test's own, with one app connected. */
export interface ProxyWorld {
  readonly broker: Broker;
  readonly upstream: Upstream;
  readonly token: string;
  readonly grantId: string;
  readonly credentialId: string;
  /** Base URL of the mount. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startWorld(
  options: BrokerOptions & {
    readonly scopes?: readonly string[];
    readonly answer?: Answer;
    readonly provider?: string;
    /** One of several that the provider has. */
    readonly api?: Provider;
  } = {},
): Promise<ProxyWorld> {
  const { api = providerNamed(options.provider ?? 'openai') } = options;
  const provider = api.name;
  const upstream = await startUpstream(options.answer);
  const broker = await startBroker({ ...options, upstreamUrl: upstream.url });
  const { tokens, credential } = await connect(broker, {
    provider,
    ...(options.scopes && { scopes: options.scopes }),
  });
  return {
    broker,
    upstream,
    token: tokens.access_token,
    grantId: tokens.grant_id,
    credentialId: credential.id,
    url: broker.url + api.mount,
    async close() {
      await broker.close();
      await upstream.close();
    },
  };
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Calls the proxy with the app's token; an object as the body is sent as JSON. */
export function call(world: Pick<ProxyWorld, 'url' | 'token'>, path: string, options: CallOptions = {}) {
  const { body } = options;
  return fetch(world.url + path, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      authorization: `Bearer ${world.token}`,
      ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(body === undefined
      ? {}
      : { body: body instanceof FormData || typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(options.signal ? { signal: options.signal } : {}),
    redirect: 'manual',
  });
}

export interface PublicError {
  readonly message: string;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly source: string;
  readonly action_url?: string;
  readonly status?: string;
  readonly details?: readonly { readonly reason: string }[];
  readonly metadata?: { readonly error_type: string | null };
}

/** The error of an answer, wherever its provider has it and its code. */
export async function errorOf(response: Response): Promise<PublicError> {
  const body = (await response.json()) as PublicError & { readonly error?: PublicError };
  const error = body.error ?? body;
  const code = error.metadata?.error_type ?? error.details?.[0]?.reason ?? error.code;
  return { ...error, type: error.status ?? error.type, code };
}

export const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Good morning' }] };

/** The newest record, once it is settled. */
export async function settledCall({ broker }: Pick<ProxyWorld, 'broker'>) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const [newest] = await broker.deps.store.records.listCalls({}, { before: null, limit: 1 });
    if (newest?.state === 'settled') return newest;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('The call was not settled');
}
