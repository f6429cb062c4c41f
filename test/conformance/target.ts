import { inject } from 'vitest';
import { sessionCookie } from '../../src/accounts/cookies.ts';
import { startSession } from '../../src/accounts/session.ts';
import type { ClientType, JwkSet } from '../../src/store/records.ts';
import {
  type Broker,
  type BrokerOptions,
  createClient,
  createUser,
  deposit,
  startBroker,
} from '../support/broker.ts';
import { HttpBrowser } from '../support/http_browser.ts';
import { decideByForm } from './decide.ts';
import { reachTarget } from './elsewhere.ts';

/** A registered client, as its developer knows it. */
export interface RegisteredApp {
  readonly clientId: string;
  /** Null for a public client, and for one that has keys. */
  readonly clientSecret: string | null;
  readonly redirectUri: string;
}

export interface AppOptions {
  readonly type?: ClientType;
  readonly redirectUris?: readonly string[];
  readonly scope?: string;
  /** Public keys that it proves itself with, in place of a secret. */
  readonly jwks?: JwkSet;
  readonly requiresPushedRequests?: boolean;
  readonly requiresDpop?: boolean;
}

export interface Decision {
  readonly approve: boolean;
  /** What the user leaves ticked; all of it unless said otherwise. */
  readonly scopes?: readonly string[];
  /** How long it lasts: `day`, `month` or `always`; a month unless said otherwise. */
  readonly life?: string;
  /** What the user writes into fields for limits, by their names; they stay as they are unless said otherwise. */
  readonly limits?: Readonly<Record<string, string>>;
}

const system = { kind: 'system' } as const;

/** Whose keys people have: those of the providers that the tests ask for. */
const keyProviders = ['openai', 'anthropic', 'gemini'];

/** The server under test. Everything else that the conformance tests do goes over HTTP. */
export interface Target {
  /** Where the server answers. It is its issuer too. */
  readonly baseUrl: string;
  registerApp(options?: AppOptions): Promise<RegisteredApp>;
  /** A browser that nobody is signed in with. */
  newBrowser(): HttpBrowser;
  /** A browser with a new user signed in, who has deposited a key of each of those providers. */
  signIn(): Promise<HttpBrowser>;
  /**
   * Decides on the consent page.
   * @param consentUrl where the authorization endpoint has sent the browser
   * @returns where the page sends the browser after it
   */
  decide(browser: HttpBrowser, consentUrl: string, decision: Decision): Promise<string>;
  close(): Promise<void>;
}

/** A target in this process, with a clock that can be moved and everything behind it within reach. */
export interface LocalTarget extends Target {
  readonly broker: Broker;
  /** Moves the server's clock forward. */
  advance(seconds: number): void;
}

/**
 * Starts one for the tests, unless they are to run against a server that is there: `npm run conformance` with an `ISSUER`.
 * That has no clock to move and nothing behind it, and tests that reach for either are skipped.
 */
export async function startTarget(options: Omit<BrokerOptions, 'clock'> = {}): Promise<LocalTarget> {
  const elsewhere = inject('elsewhere');
  if (elsewhere) return reachTarget(elsewhere, options);
  let offset = 0;
  const broker = await startBroker({ ...options, clock: () => Date.now() + offset });
  const { deps } = broker;
  const session = sessionCookie(deps.config).name;
  const owner = await createUser(broker);

  return {
    baseUrl: broker.url,
    broker,
    advance: (seconds) => {
      offset += seconds * 1000;
    },

    async registerApp({
      type = 'web',
      redirectUris = ['https://app.example/callback'],
      scope,
      jwks,
      ...settings
    } = {}) {
      const client = await createClient(broker, owner.id, {
        type,
        redirectUris,
        ...(scope === undefined ? {} : { scope }),
        ...(jwks === undefined ? {} : { jwks }),
      });
      // For any number of users.
      await deps.store.clients.setVerified(client.id, true, system);
      await deps.store.clients.updateClient(client.id, settings, system);
      return { clientId: client.id, clientSecret: client.secret, redirectUri: redirectUris[0] ?? '' };
    },

    newBrowser: () => new HttpBrowser(broker.url),

    // Not through the sign-in form, which lets only so many in from one address: the session is made directly.
    async signIn() {
      const user = await createUser(broker);
      for (const name of keyProviders) await deposit(broker, user.id, undefined, name);
      const browser = new HttpBrowser(broker.url);
      browser.cookies.set(session, await startSession(deps, user.id, undefined));
      return browser;
    },

    decide: decideByForm,

    close: () => broker.close(),
  };
}
