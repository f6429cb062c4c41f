import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import {
  authorizeUrl,
  introspect,
  obtainCode,
  obtainTokens,
  redeem,
  refresh,
  revoke,
  type TokenAnswer,
} from '../conformance/flow.ts';
import type { RegisteredApp, Target } from '../conformance/target.ts';
import { type FleetTarget, startFleetTarget } from './target.ts';

let target: FleetTarget;
let app: RegisteredApp;
beforeAll(async () => {
  target = await startFleetTarget();
  app = await target.registerApp();
});
afterAll(() => target.close());

/** Asks so many times at once. Whoever waited too long for their turn, on a busy machine, is told to try again, and does. */
function atOnce<Answer extends { readonly status: number }>(
  count: number,
  ask: (number: number) => Promise<Answer>,
): Promise<Answer[]> {
  const persist = async (number: number): Promise<Answer> => {
    const answer = await ask(number);
    return answer.status < 500 ? answer : persist(number);
  };
  return Promise.all(Array.from({ length: count }, (_, number) => persist(number)));
}

/** Each instance by itself, past the front proxy. */
const instances = (): readonly Target[] =>
  target.fleet.instances.map(({ url }) => ({ ...target, baseUrl: url }));

const familyOf = ({ accessToken }: TokenAnswer) => decodeJwt<{ family_id: string }>(accessToken).family_id;

async function reasonOfEnd(tokens: TokenAnswer): Promise<string | null | undefined> {
  const [family] = await target.fleet.home.query<{ reason: string | null }>(
    `select revoked_reason as reason from families where id = '${familyOf(tokens)}'`,
  );
  return family?.reason;
}

async function expectEndedEverywhere({ accessToken, refreshToken }: TokenAnswer): Promise<void> {
  for (const instance of instances()) {
    expect((await call(instance.baseUrl, accessToken, 'ended')).status).toBe(401);
    expect(await introspect(instance, app, accessToken)).toEqual({ active: false });
    expect((await refresh(instance, app, refreshToken)).error).toBe('invalid_grant');
  }
}

/** A call whose model names it, so that it can be told apart upstream. */
async function call(url: string, accessToken: string, model: string): Promise<Response> {
  const response = await fetch(`${url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  });
  await response.arrayBuffer();
  return response;
}

it('73 160 a hundred refreshes of one token at once leave one live branch', async () => {
  const first = await obtainTokens(target, app);
  const answers = await atOnce(100, () => refresh(target, app, first.refreshToken));
  expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200));
  const [next = expect.fail()] = answers;
  expect(new Set(answers.map(({ refreshToken }) => refreshToken))).toEqual(new Set([next.refreshToken]));
  const unused = await target.fleet.home.query(
    `select seq from refresh_tokens where family_id = '${familyOf(first)}' and used_at is null`,
  );
  expect(unused).toEqual([{ seq: 2 }]);
  expect(await reasonOfEnd(first)).toBeNull();

  const last = await refresh(target, app, next.refreshToken);
  expect(last.status).toBe(200);
  expect((await call(target.baseUrl, last.accessToken, 'refreshed')).status).toBe(200);

  expect((await refresh(target, app, first.refreshToken)).error).toBe('invalid_grant');
  expect(await reasonOfEnd(first)).toBe('refresh_reuse');
  await expectEndedEverywhere(last);
}, 60_000);

it('64 160 a hundred redemptions of one code at once give one set of tokens, and end it', async () => {
  const issued = await obtainCode(target, app);
  const answers = await atOnce(100, () => redeem(target, app, issued));
  const redeemed = answers.filter(({ status }) => status === 200);
  expect(redeemed).toHaveLength(1);
  expect(answers.filter(({ error }) => error === 'invalid_grant')).toHaveLength(99);
  const [tokens = expect.fail()] = redeemed;
  expect(await reasonOfEnd(tokens)).toBe('code_replay');
  await expectEndedEverywhere(tokens);
}, 60_000);

it('38 160 fifty approvals of one request at once are one decision and give one code', async () => {
  const browser = await target.signIn();
  const { location: path } = await browser.get(authorizeUrl(target, app));
  await browser.get(path ?? '');
  const decision = { decision: 'approve', life: 'day', scope: 'openai:text' };
  const decided = await atOnce(50, () => browser.post(path ?? '', decision));
  expect(decided.map(({ status }) => status)).toEqual(Array(50).fill(303));
  const [resume, ...others] = new Set(decided.map(({ location }) => location));
  expect(others).toEqual([]);

  const answered = await atOnce(50, () => browser.get(resume ?? ''));
  expect(answered.filter(({ location }) => /[?&]code=/.test(location ?? ''))).toHaveLength(1);
  const requestId = path?.split('/').at(-1);
  const approvals = await target.fleet.home.query(
    `select id from audit_events where action = 'grant.approved'
     and subject = (select grant_id from authorization_requests where id = '${requestId}')`,
  );
  expect(approvals).toHaveLength(1);
});

it('148 160 no call that begins after a revocation was answered reaches the provider, wherever it arrives', async () => {
  const tokens = await obtainTokens(target, app);
  const received = (model: string) => target.fleet.sandbox.received().filter((each) => each.model === model);
  const urls = target.fleet.instances.map(({ url }) => url);
  let isRevoked = false;
  onTestFinished(() => {
    isRevoked = true;
  });
  const calling = urls.flatMap((url) =>
    Array.from({ length: 20 }, async () => {
      while (!isRevoked) await call(url, tokens.accessToken, 'early');
    }),
  );
  const underWay = () => expect(received('early').length).toBeGreaterThan(calling.length);
  await vi.waitFor(underWay, { timeout: 10_000 });
  const revoked = await revoke(target, app, tokens.refreshToken);
  isRevoked = true;
  const late = await atOnce(60, (number) =>
    call(urls[number % urls.length] ?? '', tokens.accessToken, 'late'),
  );
  await Promise.all(calling);
  expect(revoked.status).toBe(200);
  expect(late.map(({ status }) => status)).toEqual(Array(60).fill(401));
  expect(received('late')).toEqual([]);
  const admittedBy = await target.fleet.home.query(
    `select distinct instance_id from calls where family_id = '${familyOf(tokens)}'`,
  );
  expect(admittedBy).toHaveLength(urls.length);
});

it('160 161 failed guesses are counted together', async () => {
  const guesser = await target.registerApp();
  const answers = await atOnce(310, (guess) => refresh(target, guesser, `a guess ${guess}`));
  const paused = answers.filter(({ status }) => status === 429);
  expect(paused.length).toBe(10);
}, 60_000);
