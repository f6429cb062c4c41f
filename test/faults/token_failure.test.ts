import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ask, formAuth, obtainCode, obtainTokens, redeem, refresh } from '../conformance/flow.ts';
import { type LocalTarget, type RegisteredApp, startTarget } from '../conformance/target.ts';
import { createUser, deposit } from '../support/broker.ts';
import { Person } from '../support/person.ts';

let target: LocalTarget;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target.close());

/** Asks for tokens, and again when that has failed. */
type Asking = () => Promise<{ readonly status: number }>;

/** Everything that is spent for tokens. */
const ways: readonly (readonly [string, (app: RegisteredApp) => Promise<Asking>])[] = [
  [
    'a refresh token',
    async (app) => {
      const { refreshToken } = await obtainTokens(target, app);
      return () => refresh(target, app, refreshToken);
    },
  ],
  [
    'a code',
    async (app) => {
      const issued = await obtainCode(target, app);
      return () => redeem(target, app, issued);
    },
  ],
  [
    'a device code',
    async (app) => {
      const { body } = await ask(target, '/oauth/device', { scope: 'openai:text', ...formAuth(app) });
      const user = await createUser(target.broker);
      await deposit(target.broker, user.id);
      const person = new Person({ url: target.baseUrl });
      await person.signIn(user.email);
      const { location } = await person.submit('/device', { user_code: String(body.user_code) });
      await person.submit(location ?? '', { decision: 'approve', life: 'day', scope: 'openai:text' });
      return () =>
        ask(target, '/oauth/token', {
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          device_code: String(body.device_code),
          ...formAuth(app),
        });
    },
  ],
];

describe.each(ways)('%s', (_, obtain) => {
  it.each([
    ['the user’s pseudonym', () => vi.spyOn(target.broker.deps.store.grants, 'subjectFor')],
    ['the signing keys', () => vi.spyOn(target.broker.deps.store.signingKeys, 'listSigningKeys')],
  ])(
    'is not spent by a request that fails over %s, even if the failure outlasts a grace',
    async (_what, spy) => {
      const asking = await obtain(await target.registerApp());
      // By now the signing keys have to be read again.
      target.advance(6);
      spy().mockRejectedValueOnce(new Error('connection lost'));
      expect((await asking()).status).toBe(503);
      target.advance(11);
      expect((await asking()).status).toBe(200);
    },
  );
});
