import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { obtainTokens, refresh } from '../conformance/flow.ts';
import { type LocalTarget, type RegisteredApp, startTarget } from '../conformance/target.ts';
import { call, errorOf } from './support/world.ts';

const scope = 'gemini:models.read gemini:text';
const native = { mount: '/gemini', models: '/v1/models' };
const afterOpenai = { mount: '/gemini-openai', models: '/models' };

let target: LocalTarget;
let app: RegisteredApp;
beforeAll(async () => {
  target = await startTarget();
  app = await target.registerApp({ scope });
});
afterAll(() => target.close());

const resourceOf = ({ mount }: typeof native) => target.baseUrl + mount;
const ask = (api: typeof native, token: string) => call({ url: resourceOf(api), token }, api.models);

describe('two APIs of one provider', () => {
  it('are both open to a token for the scopes of the provider, and ask with the same key', async () => {
    const { accessToken } = await obtainTokens(target, app, { scope });
    const before = target.broker.sandbox.received().length;
    for (const api of [native, afterOpenai]) expect((await ask(api, accessToken)).status).toBe(200);
    const [one, other] = target.broker.sandbox.received().slice(before);
    expect([one?.path, other?.path]).toEqual(['/gemini/v1/models', '/gemini/v1beta/openai/models']);
    expect(one?.key_last4).toBe(other?.key_last4);
  });

  it.each([
    [native, afterOpenai],
    [afterOpenai, native],
  ])('are each a resource of their own: $mount', async (named, other) => {
    const { refreshToken } = await obtainTokens(target, app, { scope, resource: resourceOf(named) });
    const narrow = await refresh(target, app, refreshToken, { resource: resourceOf(named) });
    expect(narrow.body.scope).toBe(scope);
    expect((await ask(named, narrow.accessToken)).status).toBe(200);
    const refused = await ask(other, narrow.accessToken);
    expect(refused.status).toBe(401);
    expect((await errorOf(refused)).message).toContain(`not for ${resourceOf(other)}`);
  });

  it('each say where tokens for them come from', async () => {
    const server = await fetch(`${target.baseUrl}/.well-known/oauth-authorization-server`);
    const protected_resources = expect.arrayContaining([native, afterOpenai].map(resourceOf));
    expect(await server.json()).toMatchObject({ protected_resources });
    for (const { mount } of [native, afterOpenai]) {
      const answer = await fetch(`${target.baseUrl}/.well-known/oauth-protected-resource${mount}`);
      expect(await answer.json()).toMatchObject({
        resource: target.baseUrl + mount,
        scopes_supported: expect.arrayContaining(scope.split(' ')),
      });
    }
  });
});
