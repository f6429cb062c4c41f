import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Broker, connect, providerNamed, startBroker } from '../../support/broker.ts';
import { settledCall } from './world.ts';

/** How an SDK is tried. */
export interface SdkTrial<Client> {
  readonly provider: string;
  /** Where the API is, if it is not the provider's first. */
  readonly mount?: string;
  /** What the sandbox calls it, if not as the provider. */
  readonly sandbox?: string;
  /** What tells on the account in an error that ends a stream. */
  readonly account?: string;
  /** @param apiKey a token, or the key itself for the way around the broker */
  readonly open: (baseURL: string, apiKey: string) => Client;
  /** What apps do with it; each returns what it got. */
  readonly program: Readonly<Record<string, (client: Client) => Promise<unknown>>>;
  /** Writes text with this model, at once. */
  readonly ask: (client: Client, model: string) => Promise<unknown>;
  /** Writes text with this model, as a stream that is read to its end. */
  readonly stream: (client: Client, model: string) => Promise<unknown[]>;
  readonly model: string;
  /** Asks for what is not lent. */
  readonly overreach: (client: Client) => Promise<unknown>;
  /** What an error of the SDK says, and by which status and code. */
  readonly read: (error: unknown) => { readonly status: unknown; readonly code: unknown };
}

/** Without the words of a chunk that it reports no usage: the broker asks for it, and the app need not have. */
function asShown(answer: unknown): unknown {
  const isNoUsage = (key: string, value: unknown) => key === 'usage' && value === null;
  return JSON.parse(JSON.stringify(answer, (key, value) => (isNoUsage(key, value) ? undefined : value)));
}

/** What every SDK has to get through the broker, given its base URL and a token and nothing else. */
export function trySdk<Client>(trial: SdkTrial<Client>): void {
  const { provider, open, ask, stream, model, account = 'SandboxAccount0001' } = trial;
  const { mount: first, sandboxKeyPrefix } = providerNamed(provider);
  const { mount = first, sandbox = provider } = trial;
  let broker: Broker;
  let token: string;
  beforeAll(async () => {
    broker = await startBroker();
    token = (await connect(broker, { provider })).tokens.access_token;
  });
  afterAll(async () => {
    await broker.close();
  });

  const brokered = (apiKey = token) => open(broker.url + mount, apiKey);
  const direct = () => open(broker.sandbox.urls[sandbox] ?? '', `${sandboxKeyPrefix}direct`);
  const thrown = (run: Promise<unknown>) =>
    run.then(
      () => expect.fail(),
      (error: unknown) => error,
    );

  it.each(Object.entries(trial.program))('gets the same answer as from the provider: %s', async (_, run) => {
    const expected = await run(direct());
    expect(expected).toBeTruthy();
    expect(asShown(await run(brokered()))).toEqual(asShown(expected));
  });

  it('is put on record with what it costs, at once and as a stream', async () => {
    for (const run of [ask, stream]) {
      await run(brokered(), model);
      const { provider: recorded, costNanoUsd, usage } = await settledCall({ broker });
      expect(recorded).toBe(provider);
      expect(usage?.output_tokens).toBeGreaterThan(0);
      expect(costNanoUsd).toBeGreaterThan(0);
    }
  });

  it.each<[string, () => Promise<unknown>, number, string]>([
    ['a wrong token', () => ask(brokered('no-token'), model), 401, 'invalid_token'],
    ['what is not lent', () => trial.overreach(brokered()), 403, 'field_not_allowed'],
    ['a provider that fails', () => ask(brokered(), 'sandbox-500'), 502, 'provider_error'],
    ['a limit of the provider', () => ask(brokered(), 'sandbox-429'), 429, 'provider_rate_limited'],
  ])('is told of %s by its own error', async (_, run, status, code) => {
    expect(trial.read(await thrown(run()))).toEqual({ status, code });
  });

  it('is told of a mistake in its request as it would be by the provider', async () => {
    const told = trial.read(await thrown(ask(brokered(), 'nonexistent')));
    expect(told).toEqual(trial.read(await thrown(ask(direct(), 'nonexistent'))));
    expect(told.status).toBe(404);
  });

  it('sees a connection that breaks in the middle as broken', async () => {
    await expect(stream(brokered(), 'sandbox-cut')).rejects.toThrow();
  });

  it('sees an error in the middle, without what names the account', async () => {
    const outcome = (client: Client) =>
      stream(client, 'sandbox-stream-error').then(
        (seen) => JSON.stringify(seen),
        (error: unknown) => `${error} ${JSON.stringify(error)}`,
      );
    const expected = await outcome(direct());
    const told = await outcome(brokered());
    expect(told).toMatch(/error/i);
    expect(told).not.toContain(account);
    // Not every SDK hands on what was said.
    const isTold = expected.includes(account);
    expect(told.includes('The provider broke off with an error')).toBe(isTold);
  });
}
