import { TestRunner } from 'vitest';
import { defaultScopes } from '../../src/catalog/catalog.ts';
import { HttpBrowser } from '../support/http_browser.ts';
import { Person } from '../support/person.ts';
import { decideByForm } from './decide.ts';
import type { AppOptions, LocalTarget, RegisteredApp } from './target.ts';

/** A server that is there, and the sessions of those who were signed in on its pages for the run. */
export interface Elsewhere {
  readonly issuer: string;
  /** Name of the cookie that holds a session. */
  readonly cookie: string;
  readonly operator: string;
  /** Each has a key. */
  readonly people: readonly string[];
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Undefined where the tests start servers of their own. */
    readonly elsewhere: Elsewhere | undefined;
  }
}

/**
 * A target of which nothing is known but its pages. The operator registers the apps there, and deletes them in the end.
 * @param options for the server that a test would have started; one that has any is skipped
 */
export function reachTarget(
  { issuer, cookie, operator, people }: Elsewhere,
  options: Readonly<Record<string, unknown>>,
): LocalTarget {
  if (Object.keys(options).length > 0) skip('a server that is set up for it');
  const cookiesOf = (session = '') => new Map([[cookie, session]]);
  const pages = new Person({ url: issuer }, cookiesOf(operator));
  const registered: string[] = [];
  const cast = createCast(people, (session) => disconnect(new Person({ url: issuer }, cookiesOf(session))));

  return {
    baseUrl: issuer,
    get broker(): never {
      return skip('what is behind the server');
    },
    advance: () => skip('the clock of the server'),

    async registerApp(options = {}) {
      const app = await registerOnPages(pages, options);
      registered.push(app.clientId);
      // For any number of users.
      const { html } = await pages.get('/operator/apps');
      const row = html.split('<li>').find((one) => one.includes(app.clientId)) ?? '';
      const seen = /name="seen" value="([^"]*)"/.exec(row)?.[1];
      await pages.post('/operator/apps', { client: app.clientId, seen, decision: 'verified' });
      return app;
    },

    newBrowser: () => new HttpBrowser(issuer),

    async signIn() {
      const session = await cast.next();
      return new HttpBrowser(issuer, cookiesOf(session));
    },

    decide: decideByForm,

    async close() {
      for (const client of registered) await pages.post('/operator/apps', { client, decision: 'deleted' });
    },
  };
}

/**
 * Gives out people in turn, each as good as new to the test that gets them. Who is given out before the tests is theirs for
 * good, and not given out again.
 * @param renew takes back what somebody has let in
 */
function createCast(people: readonly string[], renew: (session: string) => Promise<void>) {
  let free = people;
  let test: string | undefined;
  let renewed = new Map<string, Promise<void>>();
  return {
    async next(): Promise<string> {
      const [session, ...others] = free;
      if (session === undefined) throw new Error('This file signs in more people than there are.');
      const { id } = TestRunner.getCurrentTest() ?? {};
      free = id === undefined ? others : [...others, session];
      if (id !== test) renewed = new Map();
      test = id;
      const renewal = renewed.get(session) ?? renew(session);
      renewed.set(session, renewal);
      await renewal;
      return session;
    },
  };
}

/** Revokes whatever somebody has let in. */
async function disconnect(person: Person): Promise<void> {
  const { html } = await person.get('/apps');
  for (const [, path = ''] of html.matchAll(/action="(\/apps\/\w+\/revoke)"/g)) await person.post(path);
}

/** Fills in the form for a new app, and that for its settings. */
async function registerOnPages(pages: Person, options: AppOptions): Promise<RegisteredApp> {
  const { type = 'web', redirectUris = ['https://app.example/callback'], scope, jwks } = options;
  await pages.get('/developer/new');
  const fields = {
    type,
    name: 'Test app',
    redirect_uris: redirectUris.join('\n'),
    scope: scope?.split(' ') ?? defaultScopes,
    jwks: jwks && JSON.stringify(jwks),
  };
  const { status, html, location } = await pages.post('/developer/new', fields);
  if (status === 422) skip('an app that nobody can register');
  const shown = (id: string) => new RegExp(`<code id="${id}">([^<]*)<`).exec(html)?.[1];
  const clientId = shown('client-id') ?? /^\/developer\/(cli_\w+)/.exec(location ?? '')?.[1];
  if (clientId === undefined) throw new Error(`registering an app answered ${status}`);
  if (options.requiresPushedRequests || options.requiresDpop) {
    await pages.post(`/developer/${clientId}`, {
      ...fields,
      require_par: options.requiresPushedRequests ? 'on' : undefined,
      require_dpop: options.requiresDpop ? 'on' : undefined,
    });
  }
  return { clientId, clientSecret: shown('client-secret') ?? null, redirectUri: redirectUris[0] ?? '' };
}

/** Skips the test that asks, as it needs what only a server of its own has. */
function skip(need: string): never {
  TestRunner.getCurrentTest()?.context.skip(`needs ${need}`);
  throw new Error(`This file needs ${need}.`);
}
