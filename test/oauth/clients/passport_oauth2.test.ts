import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Passport } from 'passport';
import OAuth2Strategy from 'passport-oauth2';
import { afterAll, expect, test } from 'vitest';
import type { ClientType } from '../../../src/store/records.ts';
import { callProxy, visit } from '../../conformance/flow.ts';
import { type Decision, startTarget } from '../../conformance/target.ts';

const target = await startTarget();
const passport = new Passport();
/** Of the app's one visitor. */
const session = {};
const app = createServer((request, response) => {
  const query = Object.fromEntries(new URL(request.url ?? '', target.baseUrl).searchParams);
  const enter = passport.authenticate('oauth2', (error: unknown, user: object | false, info: unknown) => {
    response.statusCode = user ? 200 : 401;
    response.end(JSON.stringify(user || info || String(error)));
  });
  enter(Object.assign(request, { query, session }), response);
});
await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
const callbackURL = `http://127.0.0.1:${(app.address() as AddressInfo).port}/callback`;
afterAll(async () => {
  app.close();
  await target.close();
});

/** Registers the app and sends the visitor to the broker and back. @returns what the app shows then */
async function enter(type: ClientType, decision: Decision): Promise<Response> {
  const { clientId, clientSecret } = await target.registerApp({ type, redirectUris: [callbackURL] });
  const strategy = new OAuth2Strategy(
    {
      authorizationURL: `${target.baseUrl}/oauth/authorize`,
      tokenURL: `${target.baseUrl}/oauth/token`,
      clientID: clientId,
      clientSecret: clientSecret ?? '',
      callbackURL,
      scope: ['openai:models.read', 'openai:text'],
      state: true,
      pkce: true,
    },
    (accessToken: string, refreshToken: string, _profile: unknown, done: OAuth2Strategy.VerifyCallback) =>
      done(null, { accessToken, refreshToken }),
  );
  passport.use(strategy);
  const leaving = await fetch(new URL('/enter', callbackURL), { redirect: 'manual' });
  const back = await visit(target, leaving.headers.get('location') ?? '', { decision });
  return fetch(back);
}

test.each(['web', 'spa'] as const)('brings tokens to a %s app, with PKCE and state', async (type) => {
  const response = await enter(type, { approve: true });
  const user = (await response.json()) as { accessToken: string };
  expect(user).toMatchObject({ refreshToken: expect.stringMatching(/^ccrt_/) });
  expect(await callProxy(target, user.accessToken)).toBe(200);
});

test('knows a refusal by the person for one', async () => {
  const response = await enter('web', { approve: false });
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ message: expect.any(String) });
});
