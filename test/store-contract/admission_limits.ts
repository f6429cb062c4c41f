import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { AdmissionRequest, AdmissionResult } from '../../src/store/admission.ts';
import type { ProviderAccess } from '../../src/store/records.ts';
import {
  type Arena,
  asUser,
  callOf,
  createGrant,
  createSigningKey,
  day,
  depositKey,
  found,
  type Granted,
  minute,
  second,
  unique,
  wrapFor,
} from './world.ts';

type Limits = Omit<ProviderAccess, 'type' | 'provider'>;

const access = (limits: Limits, provider = 'openai'): ProviderAccess => ({
  type: 'provider_access',
  provider,
  ...limits,
});
const rate = (requests_per_minute: number): Limits => ({ rate: { requests_per_minute } });

export function admissionLimits(arena: () => Arena): void {
  let kid = '';
  beforeAll(async () => {
    kid = await createSigningKey(arena());
  });
  // Some of these tests set the clock back.
  beforeEach(() => {
    arena().clock.now += day;
  });

  const grantWith = (...authorizationDetails: readonly ProviderAccess[]): Promise<Granted> =>
    createGrant(arena(), { terms: { authorizationDetails } });

  const allow = async ({ grant, user }: Granted, ...details: readonly ProviderAccess[]): Promise<void> => {
    const { grants } = arena().stores[1];
    expect(await grants.changeLimits(grant.id, user.id, details, asUser(user))).toBe(true);
  };

  const callOne = async (
    granted: Granted,
    change: Partial<AdmissionRequest> = {},
    store: 0 | 1 = 0,
  ): Promise<AdmissionResult> => {
    const [result] = await arena().stores[store].ledger.admit([callOf(granted, kid, change)]);
    return found(result);
  };
  const wordOf = (result: AdmissionResult) => (result.kind === 'refused' ? result.reason : result.kind);
  const batchOf = (granted: Granted, size: number) =>
    Array.from({ length: size }, () => callOf(granted, kid));
  const admittedOf = async (batch: readonly AdmissionRequest[], store: 0 | 1 = 0) =>
    (await arena().stores[store].ledger.admit(batch)).filter(({ kind }) => kind === 'admitted').length;

  test('after a pause as many calls pass at once as a minute has, then one in each interval', async () => {
    const { clock } = arena();
    const granted = await grantWith(access(rate(60)));
    expect(await admittedOf(batchOf(granted, 40))).toBe(40);
    const results = await arena().stores[1].ledger.admit(batchOf(granted, 22));
    expect(results.map(wordOf)).toEqual([...Array(20).fill('admitted'), 'rate_limited', 'rate_limited']);
    const left = { budgets: [], rate: { requestsPerMinute: 60, left: 0 } };
    const refused = { kind: 'refused', reason: 'rate_limited', left };
    expect(results.at(-1)).toEqual({ ...refused, wait: second });
    clock.now += second - 1;
    expect(await callOne(granted)).toEqual({ ...refused, wait: 1 });
    clock.now += 1;
    expect(await callOne(granted, {}, 1)).toMatchObject({ kind: 'admitted' });
    expect(wordOf(await callOne(granted))).toBe('rate_limited');
    clock.now += 3 * second;
    expect(await admittedOf(batchOf(granted, 5))).toBe(3);
    clock.now += minute;
    expect(await admittedOf(batchOf(granted, 64), 1)).toBe(60);
    const calls = await arena().stores[0].records.listCalls(
      { grantId: granted.grant.id },
      { before: null, limit: 200 },
    );
    expect(calls).toHaveLength(60 + 1 + 3 + 60);
  });

  test('a rate counts for its grant and provider alone, whatever goes along in a batch', async () => {
    const { stores } = arena();
    const one = await grantWith(access(rate(1)), access(rate(2), 'anthropic'));
    const anthropic = await depositKey(stores[0], one.user, { provider: 'anthropic' });
    const wraps = [wrapFor(one.credential.id, one.grant.id), wrapFor(anthropic.id, one.grant.id)];
    const authorizationDetails = one.grant.authorizationDetails;
    await createGrant(arena(), { party: one, terms: { id: one.grant.id, authorizationDetails, wraps } });
    const [other, free] = [await grantWith(access(rate(1))), await createGrant(arena())];
    const batch = [one, one, other, other, free, free].map((granted) => callOf(granted, kid));
    const results = await stores[0].ledger.admit([
      ...batch,
      ...Array.from({ length: 3 }, () => callOf(one, kid, { provider: 'anthropic' })),
    ]);
    expect(results.map(wordOf)).toEqual([
      ...['admitted', 'rate_limited'],
      ...['admitted', 'rate_limited'],
      ...['admitted', 'admitted'],
      ...['admitted', 'admitted', 'rate_limited'],
    ]);
    const interval = (perMinute: number) => arena().clock.now * 1000 + 60_000_000 / perMinute;
    const grantId = one.grant.id;
    expect(await stores[1].budgets.readRates(grantId)).toEqual([
      { grantId, provider: 'anthropic', theoreticalArrivalAt: interval(1) },
      { grantId, provider: 'openai', theoreticalArrivalAt: interval(1) },
    ]);
  });

  test('the families of a grant share its rate', async () => {
    const granted = await grantWith(access(rate(3)));
    const { id, authorizationDetails } = granted.grant;
    const again = await createGrant(arena(), { party: granted, terms: { id, authorizationDetails } });
    expect(again.grant.id).toBe(granted.grant.id);
    expect(await admittedOf(batchOf(granted, 2))).toBe(2);
    expect(await admittedOf(batchOf(again, 2))).toBe(1);
  });

  test('a call that is refused uses up nothing of a rate', async () => {
    const granted = await grantWith(access({ ...rate(2), models: ['gpt-5'], max_output_tokens: 10 }));
    const proof = { hash: unique('proof'), expiresAt: arena().clock.now + minute };
    expect(await callOne(granted, { proof })).toMatchObject({ kind: 'admitted' });
    const refused: readonly (readonly [Partial<AdmissionRequest>, string])[] = [
      [{ proof }, 'proof_replayed'],
      [{ scopes: ['images'] }, 'insufficient_scope'],
      [{ models: ['o1-pro'] }, 'model_not_allowed'],
      [{ outputCap: 11 }, 'output_limit'],
      [{ kid: 'unknown' }, 'key_withdrawn'],
    ];
    for (const [change, reason] of refused) expect(wordOf(await callOne(granted, change, 1))).toBe(reason);
    const twice = { hash: unique('proof'), expiresAt: arena().clock.now + minute };
    const batch = [callOf(granted, kid, { proof: twice }), callOf(granted, kid, { proof: twice })];
    expect((await arena().stores[0].ledger.admit(batch)).map(wordOf)).toEqual(['admitted', 'proof_replayed']);
    expect(wordOf(await callOne(granted))).toBe('rate_limited');
  });

  test('a proof that came with a call over the rate is good for another try', async () => {
    const granted = await grantWith(access(rate(1)));
    const proof = { hash: unique('proof'), expiresAt: arena().clock.now + day };
    await callOne(granted);
    expect(wordOf(await callOne(granted, { proof }))).toBe('rate_limited');
    arena().clock.now += minute;
    expect(wordOf(await callOne(granted, { proof }))).toBe('admitted');
  });

  test('a call waits for its turn along with what else is to be written', async () => {
    const granted = await grantWith(access(rate(1)));
    const call = callOf(granted, kid);
    await arena().stores[0].ledger.admit([call]);
    const settlement = {
      ...({ callId: call.callId, status: 200, outcome: 'answered', usage: null } as const),
      ...{ costNanoUsd: 0, countedNanoUsd: 0, isEstimated: false, upstreamRequestId: null },
    };
    const results = await arena().stores[0].ledger.admit([callOf(granted, kid)], [settlement]);
    expect(results.map(wordOf)).toEqual(['rate_limited']);
    expect(await arena().stores[1].ledger.settle([settlement])).toEqual([false]);
  });

  test('another rate holds from the next call on, and what is used up stays so', async () => {
    const { clock } = arena();
    const granted = await grantWith(access(rate(60)));
    expect(await admittedOf(batchOf(granted, 30))).toBe(30);
    await allow(granted, access(rate(6)));
    // Half of the minute is used up.
    expect(await admittedOf(batchOf(granted, 6))).toBe(3);
    expect(await callOne(granted)).toMatchObject({ reason: 'rate_limited', wait: 10 * second });
    await allow(granted, access(rate(600)));
    expect(await callOne(granted)).toMatchObject({ reason: 'rate_limited', wait: second / 10 });
    clock.now += second;
    expect(await admittedOf(batchOf(granted, 20))).toBe(10);
    await allow(granted);
    expect(await admittedOf(batchOf(granted, 50))).toBe(50);
    await allow(granted, access(rate(600)));
    expect(wordOf(await callOne(granted))).toBe('rate_limited');
  });

  test('a clock that is set back holds a rate up for a minute at most, and the rate holds again', async () => {
    const { clock } = arena();
    const granted = await grantWith(access(rate(6)));
    expect(await admittedOf(batchOf(granted, 7))).toBe(6);
    clock.now -= 5 * second;
    expect(await callOne(granted)).toMatchObject({ reason: 'rate_limited', wait: 15 * second });
    clock.now -= day / 2;
    expect(await admittedOf(batchOf(granted, 7))).toBe(6);
    expect(await callOne(granted)).toMatchObject({ reason: 'rate_limited', wait: 10 * second });
    clock.now += day / 2;
    expect(await admittedOf(batchOf(granted, 7))).toBe(6);
  });

  test('every model of a call must be one that both the token and the grant allow', async () => {
    const granted = await grantWith(access({ models: ['gpt-5*', 'gpt-image-2'] }));
    const judge = async (models: readonly (string | null)[], tokens: readonly string[] | null = null) => {
      const result = await callOne(granted, { models, access: tokens && access({ models: tokens }) });
      return result.kind === 'refused' && result.reason === 'model_not_allowed' ? result.model : result.kind;
    };
    expect(await judge(['gpt-5'])).toBe('admitted');
    expect(await judge(['gpt-5-mini', 'gpt-image-2'])).toBe('admitted');
    expect(await judge([])).toBe('admitted');
    expect(await judge(['gpt-4o'])).toBe('gpt-4o');
    expect(await judge(['gpt-image-20'])).toBe('gpt-image-20');
    expect(await judge(['gpt-5', 'dall-e-3'])).toBe('dall-e-3');
    expect(await judge(['GPT-5'])).toBe('GPT-5');
    expect(await judge([null])).toBeNull();
    expect(await judge(['gpt-5', null])).toBeNull();
    expect(await judge(['gpt-5-mini'], ['gpt-5-mini'])).toBe('admitted');
    expect(await judge(['gpt-5'], ['gpt-5-mini'])).toBe('gpt-5');
    // Of a token that says more than its grant still does.
    expect(await judge(['o3'], ['*'])).toBe('o3');
    await allow(granted, access({ models: ['*'] }));
    expect(await judge(['o3', null])).toBe('admitted');
    await allow(granted, access({ models: ['o3'] }, 'anthropic'));
    expect(await judge(['gpt-5', null])).toBe('admitted');
  });

  test('an answer gets as long as both the token and the grant allow', async () => {
    const granted = await grantWith(access({ max_output_tokens: 1000 }));
    const judge = async (
      outputCap: AdmissionRequest['outputCap'],
      max_output_tokens?: number,
    ): Promise<unknown> => {
      const token = max_output_tokens === undefined ? null : access({ max_output_tokens });
      const result = await callOne(granted, { outputCap, access: token });
      if (result.kind === 'admitted') return { cap: result.outputCap };
      return result.reason === 'output_limit' ? { limit: result.limit } : result.reason;
    };
    expect(await judge(1000)).toEqual({ cap: null });
    expect(await judge(1001)).toEqual({ limit: 1000 });
    expect(await judge('open')).toEqual({ cap: 1000 });
    expect(await judge('unbounded')).toBe('output_unbounded');
    expect(await judge(null)).toEqual({ cap: null });
    expect(await judge('open', 300)).toEqual({ cap: 300 });
    expect(await judge(301, 300)).toEqual({ limit: 300 });
    expect(await judge('open', 5000)).toEqual({ cap: 1000 });
    expect(await judge(1001, 5000)).toEqual({ limit: 1000 });
    await allow(granted, access({ max_output_tokens: 50 }));
    expect(await judge(51)).toEqual({ limit: 50 });
    await allow(granted);
    expect(await judge(51)).toEqual({ cap: null });
    expect(await judge('open')).toEqual({ cap: null });
    expect(await judge('unbounded')).toEqual({ cap: null });
  });

  test('an admitted call tells what it was judged by', async () => {
    const [ofGrant, ofToken] = [access({ models: ['gpt-*'] }), access({ models: ['gpt-5'] })];
    const granted = await grantWith(ofGrant);
    expect(await callOne(granted)).toMatchObject({ limits: [ofGrant] });
    expect(await callOne(granted, { access: ofToken })).toMatchObject({ limits: [ofToken, ofGrant] });
  });
}
