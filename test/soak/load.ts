import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Agent, fetch, type Response } from 'undici';
import { Browser } from '../../examples/demo/browser.ts';

/** A broker under load, and the two apps that use it. */
export interface Scene {
  readonly url: string;
  /** The apps' connections to it. */
  readonly connections: Agent;
  readonly email: string;
  readonly password: string;
  /** The app whose grant stays, with its newest tokens. */
  readonly app: ConnectedApp;
  /** The app whose grant comes and goes. */
  readonly guest: App;
}

export interface App {
  readonly client_id: string;
  readonly client_secret: string;
}

interface ConnectedApp extends App {
  access_token: string;
  refresh_token: string;
}

/** Nobody listens there, and nothing has to: the code is read off the redirect. */
export const redirectUri = 'http://127.0.0.1:9/callback';

/** Does one thing once. Throws when it does not go as it should. */
export type Act = () => Promise<void>;

/** What goes on at the same time: how many do it, and for how many milliseconds each rests in between. */
export interface Part {
  readonly name: string;
  readonly actors: number;
  readonly rest: number;
  /** Gets one actor ready. */
  readonly cast: (scene: Scene) => Act | Promise<Act>;
}

/** Everything that goes on. */
export const parts: readonly Part[] = [
  { name: 'plain call', actors: 8, rest: 50, cast: plainCalls },
  { name: 'stream', actors: 8, rest: 50, cast: streams },
  { name: 'paced stream', actors: 20, rest: 50, cast: pacedStreams },
  { name: 'stream that the app leaves', actors: 6, rest: 50, cast: leftStreams },
  { name: 'slow reader', actors: 2, rest: 2000, cast: slowReaders },
  { name: 'failing upstream', actors: 4, rest: 50, cast: failures },
  { name: 'refresh', actors: 1, rest: 200, cast: refreshes },
  { name: 'approval and revocation', actors: 1, rest: 200, cast: approvals },
  { name: 'page', actors: 2, rest: 200, cast: pages },
];

function plainCalls(scene: Scene): Act {
  const { app } = scene;
  return async () => {
    const response = await call(scene, app.access_token, { model: 'gpt-4o-mini' });
    expectStatus(response, 200);
    await response.json();
  };
}

function streams(scene: Scene): Act {
  const { app } = scene;
  return () => readStream(scene, app.access_token, 'gpt-4o-mini');
}

/** Ten seconds, an event every 20 ms. */
function pacedStreams(scene: Scene): Act {
  const { app } = scene;
  return () => readStream(scene, app.access_token, 'sandbox-long-500');
}

async function readStream(scene: Scene, token: string, model: string): Promise<void> {
  const response = await call(scene, token, { model, stream: true });
  expectStatus(response, 200);
  const text = await response.text();
  if (!text.endsWith('data: [DONE]\n\n')) throw new Error('a stream ended too early');
}

function leftStreams(scene: Scene): Act {
  const { app } = scene;
  return async () => {
    const leaving = new AbortController();
    const body = { model: 'sandbox-long-1000', stream: true };
    const response = await call(scene, app.access_token, body, leaving.signal);
    expectStatus(response, 200);
    await response.body?.getReader().read();
    await sleep(Math.random() * 500);
    leaving.abort();
  };
}

/** An answer of some megabytes, more than sockets hold, of which the app takes a piece now and then. */
function slowReaders({ url, app }: Scene): Act {
  const input = Array.from({ length: 150 }, () => 'Good morning');
  return async () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const options = { method: 'POST', agent: false, headers: headersFor(app) };
    const request = httpRequest(`${url}/openai/v1/embeddings`, options);
    request.on('error', reject).on('response', async (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      let length = 0;
      try {
        for await (const chunk of response) {
          length += (chunk as Buffer).length;
          if (length < 2_000_000) await sleep(10);
        }
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    request.end(JSON.stringify({ model: 'text-embedding-3-large', encoding_format: 'float', input }));
    await promise;
  };
}

/** What each of the sandbox's models that fail is to look like to the app. */
const expectedOf: readonly (readonly [model: string, stream: boolean, seen: number | 'broken'])[] = [
  ['sandbox-500', false, 502],
  ['sandbox-429', false, 429],
  ['sandbox-redirect', false, 502],
  ['sandbox-garbage', false, 502],
  ['sandbox-cut', false, 502],
  ['sandbox-cut', true, 'broken'],
];

function failures(scene: Scene): Act {
  const { app } = scene;
  let turn = 0;
  return async () => {
    const [model, stream, seen] = expectedOf[turn++ % expectedOf.length] ?? ['', false, 0];
    const response = await call(scene, app.access_token, { model, stream });
    expectStatus(response, seen === 'broken' ? 200 : seen);
    const end = await response.text().then(
      () => 'whole',
      () => 'broken',
    );
    if (end === 'broken' && seen !== 'broken') throw new Error(`${model} broke off`);
    if (end === 'whole' && seen === 'broken') throw new Error(`${model} ended as if finished`);
  };
}

function refreshes(scene: Scene): Act {
  const { app } = scene;
  return async () => {
    const form = { grant_type: 'refresh_token', refresh_token: app.refresh_token };
    Object.assign(app, await exchange(scene, app, form));
  };
}

/** A person approves an app, the app calls and is done, and its token ends with it. */
async function approvals(scene: Scene): Promise<Act> {
  const { url, guest } = scene;
  const browser = await signedIn(scene);
  const verifier = 'v'.repeat(43);
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: guest.client_id,
    redirect_uri: redirectUri,
    scope: 'openai:text',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  return async () => {
    const consent = await browser.open(`${url}/oauth/authorize?${query}`);
    const choice = { scope: 'openai:text', life: 'day', decision: 'approve' };
    await browser.submit(consent, new URL(consent.url).pathname, choice).catch(() => {});
    const code = new URL(browser.lastUrl).searchParams.get('code') ?? '';
    const tokens = await exchange(scene, guest, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    const good = await call(scene, tokens.access_token, { model: 'gpt-4o-mini' });
    expectStatus(good, 200);
    await good.json();
    expectStatus(await post(scene, '/oauth/revoke', guest, { token: tokens.refresh_token }), 200);
    const bad = await call(scene, tokens.access_token, { model: 'gpt-4o-mini' });
    expectStatus(bad, 401);
    await bad.json();
  };
}

async function pages(scene: Scene): Promise<Act> {
  const browser = await signedIn(scene);
  const paths = ['/', '/keys', '/apps', '/activity', '/developer', '/account'];
  let turn = 0;
  return async () => {
    const page = await browser.open(scene.url + paths[turn++ % paths.length]);
    if (page.status !== 200) throw new Error(`status ${page.status}`);
    if (page.url.includes('/sign-in')) throw new Error('signed out');
  };
}

async function signedIn({ url, email, password }: Scene): Promise<Browser> {
  const browser = new Browser();
  await browser.submit(await browser.open(`${url}/sign-in`), '/sign-in', { email, password });
  return browser;
}

const messages = [{ role: 'user', content: 'Good morning' }];

function call(
  { url, connections }: Scene,
  token: string,
  body: object,
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${url}/openai/v1/chat/completions`, {
    dispatcher: connections,
    method: 'POST',
    headers: headersFor({ access_token: token }),
    body: JSON.stringify({ messages, ...body }),
    ...(signal ? { signal } : {}),
  });
}

function headersFor({ access_token }: Pick<ConnectedApp, 'access_token'>): Record<string, string> {
  return { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
}

type Form = Readonly<Record<string, string>>;

function post({ url, connections }: Scene, path: string, app: App, form: Form): Promise<Response> {
  const { client_id, client_secret } = app;
  const body = new URLSearchParams({ ...form, client_id, client_secret });
  return fetch(url + path, { dispatcher: connections, method: 'POST', body });
}

async function exchange(scene: Scene, app: App, form: Form) {
  const response = await post(scene, '/oauth/token', app, form);
  expectStatus(response, 200);
  return (await response.json()) as Pick<ConnectedApp, 'access_token' | 'refresh_token'>;
}

function expectStatus({ status }: Response, expected: number): void {
  if (status !== expected) throw new Error(`status ${status} in place of ${expected}`);
}
