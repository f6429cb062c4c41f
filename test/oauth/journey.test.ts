import { afterAll, beforeAll, expect, it } from 'vitest';
import { introspect, obtainTokens, refresh, revoke } from '../conformance/flow.ts';
import { type LocalTarget, startTarget } from '../conformance/target.ts';

let target: LocalTarget;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target.close());

it('goes from the authorization request to tokens, refreshes them and revokes them', async () => {
  const app = await target.registerApp();
  const tokens = await obtainTokens(target, app);
  expect(tokens.body).toMatchObject({
    token_type: 'Bearer',
    expires_in: 1800,
    scope: 'openai:text openai:embeddings',
  });
  const next = await refresh(target, app, tokens.refreshToken);
  expect(next.status).toBe(200);
  expect(await introspect(target, app, next.accessToken)).toMatchObject({ active: true });
  expect((await revoke(target, app, next.refreshToken)).body).toEqual({});
  expect(await introspect(target, app, next.accessToken)).toEqual({ active: false });
});
