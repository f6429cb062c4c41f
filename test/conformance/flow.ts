import { randomBytes } from 'node:crypto';
import { authorizePath, challengeOf, encode, type Fields } from '../support/authorization.ts';
import type { HttpBrowser } from '../support/http_browser.ts';
import type { Decision, RegisteredApp, Target } from './target.ts';

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function makePkce(verifier = randomBytes(32).toString('base64url')): Pkce {
  return { verifier, challenge: challengeOf(verifier) };
}

/** A good authorization request of this app, but for what `changes` says. */
export function authorizeUrl(target: Target, app: RegisteredApp, changes: Fields = {}): string {
  return target.baseUrl + authorizePath({ id: app.clientId, redirectUris: [app.redirectUri] }, changes);
}

/** What an answer sends to the client; null when it does not redirect to the client at all. */
export function answerOf(response: Response, app: RegisteredApp): URLSearchParams | null {
  const location = response.headers.get('location');
  if (response.status !== 303 || !location?.startsWith(app.redirectUri)) return null;
  return new URL(location).searchParams;
}

interface WalkOptions {
  /** One that somebody is signed in with; a new user's unless given. */
  readonly browser?: HttpBrowser;
  readonly decision?: Decision;
}

/** Walks from an authorization request to the redirect that answers it. */
async function follow(target: Target, url: string, options: WalkOptions): Promise<Response> {
  const browser = options.browser ?? (await target.signIn());
  const first = await browser.request(url);
  const consentUrl = first.headers.get('location');
  if (first.status !== 303 || consentUrl === null) throw new Error(`authorize answered ${first.status}`);
  const next = await target.decide(browser, consentUrl, options.decision ?? { approve: true });
  return browser.request(next);
}

/** Walks from the app's authorization request by the consent page to the redirect that answers it. */
export function walk(
  target: Target,
  app: RegisteredApp,
  changes: Fields = {},
  options: WalkOptions = {},
): Promise<Response> {
  return follow(target, authorizeUrl(target, app, { prompt: 'consent', ...changes }), options);
}

/** What a person does with the address that an app sends them to. @returns where they come back to the app */
export async function visit(target: Target, url: string, options: WalkOptions = {}): Promise<URL> {
  const answer = await follow(target, url, options);
  return new URL(answer.headers.get('location') ?? '');
}

export interface IssuedCode extends Pkce {
  readonly code: string;
}

/** Gets a code that has not been redeemed yet. */
export async function obtainCode(
  target: Target,
  app: RegisteredApp,
  changes: Fields = {},
  options: WalkOptions = {},
): Promise<IssuedCode> {
  const pkce = makePkce();
  const answer = await walk(target, app, { code_challenge: pkce.challenge, ...changes }, options);
  const code = answerOf(answer, app)?.get('code');
  if (!code) throw new Error(`no code: ${answer.headers.get('location')}`);
  return { code, ...pkce };
}

/** Authenticates by the form: with the secret, or as a public client. */
export function formAuth(app: RegisteredApp): Fields {
  return { client_id: app.clientId, client_secret: app.clientSecret ?? undefined };
}

export function basicAuth(clientId: string, clientSecret: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` };
}

/** Posts a form. */
export function post(
  target: Target,
  path: string,
  fields: Fields | string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(target.baseUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof fields === 'string' ? fields : encode(fields).toString(),
  });
}

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  readonly error: unknown;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Posts to an endpoint of clients and reads its JSON. */
export async function ask(
  target: Target,
  path: string,
  fields: Fields | string,
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const response = await post(target, path, fields, headers);
  const body: Record<string, unknown> = JSON.parse(await response.text());
  return {
    status: response.status,
    headers: response.headers,
    body,
    error: body.error,
    accessToken: String(body.access_token),
    refreshToken: String(body.refresh_token),
  };
}

export function redeem(
  target: Target,
  app: RegisteredApp,
  issued: Pick<IssuedCode, 'code' | 'verifier'>,
  changes: Fields = {},
): Promise<TokenAnswer> {
  return ask(target, '/oauth/token', {
    grant_type: 'authorization_code',
    code: issued.code,
    redirect_uri: app.redirectUri,
    code_verifier: issued.verifier,
    ...formAuth(app),
    ...changes,
  });
}

export function refresh(
  target: Target,
  app: RegisteredApp,
  refreshToken: string,
  changes: Fields = {},
): Promise<TokenAnswer> {
  return ask(target, '/oauth/token', {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    ...formAuth(app),
    ...changes,
  });
}

export async function obtainTokens(
  target: Target,
  app: RegisteredApp,
  changes: Fields = {},
  options: WalkOptions = {},
): Promise<TokenAnswer> {
  const tokens = await redeem(target, app, await obtainCode(target, app, changes, options));
  if (tokens.status !== 200) throw new Error(`no tokens: ${JSON.stringify(tokens.body)}`);
  return tokens;
}

/** What introspection by a confidential client says of a token of its own. */
export async function introspect(
  target: Target,
  app: RegisteredApp,
  token: string,
): Promise<Readonly<Record<string, unknown>>> {
  return (await ask(target, '/oauth/introspect', { token, ...formAuth(app) })).body;
}

export function revoke(target: Target, app: RegisteredApp, token: string, changes: Fields = {}) {
  return ask(target, '/oauth/revoke', { token, ...formAuth(app), ...changes });
}

/** Status of a call through the proxy with this token; it needs the scope `openai:models.read`. */
export async function callProxy(target: Target, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${target.baseUrl}/openai/v1/models`, { headers });
  await response.arrayBuffer();
  return response.status;
}
