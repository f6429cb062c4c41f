import { afterEach, expect, it } from 'vitest';
import { introspect, obtainCode, obtainTokens, redeem, refresh } from '../conformance/flow.ts';
import { type LocalTarget, startTarget } from '../conformance/target.ts';
import { createHome } from '../support/home.ts';

const home = await createHome();
let target: LocalTarget | undefined;
afterEach(async () => {
  await target?.close();
  await home.remove();
});

/** Starts a server on the data that the one before has left. */
async function restart(): Promise<LocalTarget> {
  await target?.close();
  target = await startTarget({ home, env: { COATCHECK_ISSUER: 'http://127.0.0.1:1' } });
  return target;
}

it('76 157 forgets nothing that was spent, and nothing that is good, when it restarts', async () => {
  const first = await restart();
  const app = await first.registerApp();
  const spent = await obtainCode(first, app);
  const kept = await redeem(first, app, spent);
  const old = await obtainTokens(first, app);
  const current = await refresh(first, app, old.refreshToken);
  const unspent = await obtainCode(first, app);

  const second = await restart();
  expect(await introspect(second, app, current.accessToken)).toMatchObject({ active: true });
  expect((await redeem(second, app, unspent)).status).toBe(200);
  expect((await redeem(second, app, spent)).error).toBe('invalid_grant');
  expect(await introspect(second, app, kept.accessToken)).toEqual({ active: false });
  expect((await refresh(second, app, kept.refreshToken)).error).toBe('invalid_grant');

  second.advance(11);
  expect((await refresh(second, app, old.refreshToken)).error).toBe('invalid_grant');
  expect((await refresh(second, app, current.refreshToken)).error).toBe('invalid_grant');
  expect(await introspect(second, app, current.accessToken)).toEqual({ active: false });
});
