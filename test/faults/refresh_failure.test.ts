import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { obtainTokens, refresh } from '../conformance/flow.ts';
import { type LocalTarget, startTarget } from '../conformance/target.ts';

let target: LocalTarget;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target.close());

it.each([
  ['the user’s pseudonym', () => vi.spyOn(target.broker.deps.store.grants, 'subjectFor')],
  ['the signing keys', () => vi.spyOn(target.broker.deps.store.signingKeys, 'listSigningKeys')],
])(
  'a refresh that fails over %s costs the app nothing, even if the failure outlasts the grace',
  async (_, spy) => {
    const app = await target.registerApp();
    const { refreshToken } = await obtainTokens(target, app);
    // By now the signing keys have to be read again.
    target.advance(6);
    spy().mockRejectedValueOnce(new Error('connection lost'));
    expect((await refresh(target, app, refreshToken)).status).toBe(503);
    target.advance(11);
    expect((await refresh(target, app, refreshToken)).status).toBe(200);
  },
);
