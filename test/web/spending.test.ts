import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Budget } from '../../src/store/budget.ts';
import type { Credential, ProviderAccess, User } from '../../src/store/records.ts';
import { type Broker, createClient, createUser, deposit, startBroker } from '../support/broker.ts';
import { Person } from '../support/person.ts';
import { connectApp, recordCall } from '../support/world.ts';

const dollar = 1_000_000_000;
const cent = dollar / 100;
const now = Date.UTC(2027, 1, 15, 12);

let broker: Broker;
let user: User;
let credential: Credential;
let person: Person;

beforeAll(async () => {
  broker = await startBroker({ clock: () => now });
});
afterAll(() => broker.close());

beforeEach(async () => {
  user = await createUser(broker);
  credential = await deposit(broker, user.id);
  person = new Person(broker);
  await person.signIn(user.email);
});

/** Connects an app with limits to the user's key. */
async function connected(name: string, access: Omit<ProviderAccess, 'type' | 'provider'> = {}) {
  const client = await createClient(broker, user.id, { name });
  const { grantId, familyId } = await connectApp(broker, user, client);
  const details = [{ type: 'provider_access', provider: 'openai', ...access } as const];
  await broker.deps.store.grants.changeLimits(grantId, user.id, details, { kind: 'user', id: user.id });
  return { familyId, path: `/apps/${grantId}` };
}

/** A settled call that counts so much; null: one that goes on, and holds a tenth of a cent. */
async function spend(familyId: string, countedNanoUsd: number | null) {
  const call = { route: 'POST /chat/completions', model: 'gpt-5-mini', scope: 'openai:text' };
  const settlement = countedNanoUsd === null ? null : { costNanoUsd: countedNanoUsd, countedNanoUsd };
  await recordCall(broker, familyId, call, settlement);
}

const listBudgets = (holder: string) => broker.deps.store.budgets.listBudgets([holder]);
const budgetOf = (holder: string, change: Partial<Budget> = {}): Budget => ({
  holder,
  provider: null,
  unit: 'nano_usd',
  period: 'month',
  limit: dollar,
  strict: false,
  ...change,
});
/** Fields of the form for a holder's budgets. */
const fields = (holder: string, typed: Readonly<Record<string, string>>) => ({
  holder,
  ...Object.fromEntries(
    Object.entries({ month: '', ...typed }).map(([name, text]) => [`${holder}_${name}`, text]),
  ),
});

describe('the page of an app', () => {
  test('shows of each budget what is used, held and left, and when it begins anew', async () => {
    const { familyId, path } = await connected('Notes', {
      budgets: [{ limit_usd: '1.00', limit_requests: 4, period: 'month' }],
      rate: { concurrent_requests: 3 },
    });
    await spend(familyId, 64 * cent);
    await spend(familyId, null);
    const { text, html } = await person.get(path);
    const anew = 'Begins anew 1 Mar 2027, 00:00 UTC';
    expect(text).toContain(
      `$1.00 a month with OpenAI 50 % reached 80 % 50 % Used $0.64 Held by calls under way $0.001 Left $0.359 ${anew}`,
    );
    expect(text).toContain(
      `4 requests a month with OpenAI 80 % 50 % Used 1 Held by calls under way 1 Left 2 ${anew}`,
    );
    expect(text).toContain(
      '3 requests at the same time with OpenAI Held by calls under way 1 Left 2 Your limits',
    );
    expect(html).toContain('aria-label="$1.00 a month with OpenAI" aria-valuetext="64 % used"');
    expect(html).toContain('aria-valuetext="25 % used, 25 % held by calls under way"');
  });

  test('has nothing to show where nothing is limited, nor when access has ended', async () => {
    const { path } = await connected('Notes');
    expect((await person.get(path)).text).not.toContain('What is left');
    const limited = await connected('Limited', { budgets: [{ limit_usd: '1.00', period: 'day' }] });
    expect((await person.get(limited.path)).text).toContain('What is left');
    await person.post(`${limited.path}/revoke`);
    expect((await person.get(limited.path)).text).not.toContain('What is left');
  });
});

test('the first page tells of budgets of which four fifths or all are used, and of no others', async () => {
  const budgets = [{ limit_usd: '1.00', period: 'month' }] as const;
  const half = await connected('Half', { budgets });
  const almost = await connected('Almost', { budgets });
  const wholly = await connected('Wholly', { budgets });
  await spend(half.familyId, 79 * cent);
  await spend(almost.familyId, 80.5 * cent);
  await spend(wholly.familyId, dollar);
  const refused = await connected('Refused', { budgets });
  await spend(refused.familyId, 99.95 * cent);
  await expect(spend(refused.familyId, 1)).rejects.toThrow('budget_exceeded');
  for (const place of ['/apps', '/spending']) {
    const { text, html } = await person.get(place);
    const anew = 'It begins anew 1 Mar 2027, 00:00 UTC .';
    expect(text).toContain(`Almost : 80 % of $1.00 a month with OpenAI is used. ${anew}`);
    expect(text).toContain(
      `Wholly : 100 % of $1.00 a month with OpenAI is used. Further calls that cost you something are refused. ${anew}`,
    );
    expect(text).toContain(
      `Refused : 99 % of $1.00 a month with OpenAI is used. Calls that could cost more than the rest are refused. ${anew}`,
    );
    expect(text).not.toContain('Half :');
    expect(html).toContain(`<a href="${almost.path}"><bdi>Almost</bdi></a>`);
  }
});

describe('the page of all spending', () => {
  test('sets, changes and removes what all apps together may use, and shows where it stands', async () => {
    const { familyId } = await connected('Notes');
    await spend(familyId, 30 * cent);
    expect((await person.get('/spending')).text).toContain('All apps together No limit. Set limits');
    const typed = { month: '$1', total: '9.5', calls_day: '20', strict: 'on' };
    const saved = await person.post('/spending', fields(user.id, typed));
    const page = await person.get(saved.location ?? '');
    expect(page.text).toContain('The limits are saved.');
    expect(page.text).toContain('$1.00 a month 80 % 50 % Used $0.30 Left $0.70 Begins anew');
    expect(page.text).toContain('20 requests a day 80 % 50 % Used 1');
    expect(page.html).toMatch(
      new RegExp(`name="${user.id}_total"[^>]*value="9.50"|value="9.50"[^>]*name="${user.id}_total"`),
    );
    expect(await listBudgets(user.id)).toEqual([
      budgetOf(user.id, { unit: 'calls', period: 'day', limit: 20 }),
      budgetOf(user.id, { strict: true }),
      budgetOf(user.id, { period: 'total', limit: 9.5 * dollar, strict: true }),
    ]);
    await person.post('/spending', fields(user.id, { month: '2', calls_day: '20' }));
    expect(await listBudgets(user.id)).toEqual([
      budgetOf(user.id, { unit: 'calls', period: 'day', limit: 20 }),
      budgetOf(user.id, { limit: 2 * dollar }),
    ]);
    await person.post('/spending', fields(user.id, {}));
    expect(await listBudgets(user.id)).toEqual([]);
    expect((await person.get('/account')).text).toMatch(/Budget removed .* Budget removed .* Budget set/);
  });

  test('puts on record only what has changed', async () => {
    const typed = fields(user.id, { month: '1', week: '0.50' });
    await person.submit('/spending', {});
    for (let round = 0; round < 2; round += 1) await person.post('/spending', typed);
    const events = await broker.deps.store.records.listAuditEvents({ userId: user.id }, 100);
    expect(events.filter(({ action }) => action === 'budget.set')).toMatchObject([
      { actor: `user:${user.id}`, subject: user.id },
      { actor: `user:${user.id}`, subject: user.id },
    ]);
  });

  test('limits one key, whichever app uses it', async () => {
    const other = await deposit(broker, user.id, undefined, 'anthropic');
    await person.get('/spending');
    await person.post('/spending', fields(credential.id, { day: '0.25' }));
    const limited = budgetOf(credential.id, { period: 'day', limit: 25 * cent });
    expect(await listBudgets(credential.id)).toEqual([limited]);
    const { familyId } = await connected('Notes');
    await spend(familyId, 25 * cent);
    await expect(spend(familyId, 1)).rejects.toThrow('budget_exceeded');
    const { text } = await person.get('/spending');
    expect(text).toMatch(/Key OpenAI sandbox ····\w{4} : 100 % of \$0\.25 a day is used/);
    expect(text).toContain(`····${other.last4}`);
    expect((await person.get(`/keys/${credential.id}`)).html).toContain(`href="/spending#${credential.id}"`);
  });

  test('keeps a budget that its form does not show', async () => {
    const atOnce = budgetOf(user.id, { unit: 'calls_at_once', period: 'total', limit: 2 });
    await broker.deps.store.budgets.setBudget(atOnce, user.id, { kind: 'command_line' });
    expect((await person.get('/spending')).text).toContain('2 requests at the same time');
    await person.post('/spending', fields(user.id, { day: '1' }));
    expect(await listBudgets(user.id)).toContainEqual(atOnce);
  });

  test.each([
    ['month', ['five', '0', '-5', '5,00', '1e2', '10000000', '0.0000000001']],
    ['calls_week', ['many', '0', '1.5', '1,000', '1000000001']],
  ])('says at the field what is wrong with a %s, and changes nothing', async (name, wrong) => {
    await person.get('/spending');
    await person.post('/spending', fields(user.id, { day: '1' }));
    for (const text of wrong) {
      const page = await person.post('/spending', fields(user.id, { day: '3', [name]: text }));
      expect(page.status, text).toBe(422);
      expect(page.html).toContain(`<p class="complaint" id="${user.id}_${name}-complaint">Write the`);
      expect(page.html).toContain(`<a href="#${user.id}_${name}">`);
      expect(page.html.match(/class="complaint"/g)).toHaveLength(1);
      expect(page.html).toContain(`value="${text}"`);
    }
    expect(await listBudgets(user.id)).toEqual([budgetOf(user.id, { period: 'day' })]);
  });

  test('is nobody else’s: budgets of other people and their keys cannot be set', async () => {
    const stranger = await createUser(broker);
    const theirs = await deposit(broker, stranger.id);
    const { path } = await connected('Notes');
    const holders = [stranger.id, theirs.id, path.slice('/apps/'.length), 'nobody', '*'];
    await person.get('/spending');
    for (const holder of holders) {
      expect((await person.post('/spending', fields(holder, { month: '1' }))).status).toBe(404);
      expect(await listBudgets(holder)).toEqual([]);
    }
    const { text } = await person.get('/spending');
    expect(text).not.toContain(theirs.last4);
  });

  test('takes no form without its token, and none that shows no limits', async () => {
    await person.get('/spending');
    await person.post('/spending', fields(user.id, { month: '1' }));
    const forged = { ...fields(user.id, {}), csrf: 'x'.repeat(43) };
    expect((await person.post('/spending', forged)).status).toBe(403);
    expect((await person.post('/spending', { holder: user.id })).status).toBe(404);
    expect(await listBudgets(user.id)).toEqual([budgetOf(user.id)]);
    expect((await new Person(broker).get('/spending')).location).toContain('/sign-in');
  });
});

test('the operator limits what all users of an app together may spend, which they are not shown', async () => {
  const operator = new Person(broker);
  await operator.signIn((await createUser(broker, true)).email);
  const { familyId } = await connected('Notes');
  const [view] = await broker.deps.store.grants.listGrants({ userId: user.id });
  const id = view?.client.id ?? '';
  await spend(familyId, 30 * cent);
  await operator.get('/operator/apps');
  const path = '/operator/apps/budgets';
  const wrong = await operator.post(path, fields(id, { month: 'one' }));
  expect(wrong.status).toBe(422);
  expect(wrong.html).toContain(`id="${id}_month-complaint"`);
  const saved = await operator.post(path, fields(id, { month: '1' }));
  const page = await operator.get(saved.location ?? '');
  expect(page.text).toContain('The limits hold from the very next call of any of its users.');
  expect(page.text).toContain('$1.00 a month 80 % 50 % Used $0.30 Left $0.70');
  expect(await listBudgets(id)).toEqual([budgetOf(id)]);
  await spend(familyId, 70 * cent);
  await expect(spend(familyId, 1)).rejects.toThrow('budget_exceeded');
  for (const place of ['/apps', '/spending']) {
    expect((await person.get(place)).text).not.toContain('$1.00 a month');
  }
  expect((await person.post(path, fields(id, {}))).status).toBe(404);
  expect((await operator.post(path, fields(user.id, { month: '1' }))).status).toBe(404);
  expect((await operator.post(path, { holder: id })).status).toBe(404);
  expect(await listBudgets(id)).toEqual([budgetOf(id)]);
  await operator.post(path, fields(id, {}));
  expect(await listBudgets(id)).toEqual([]);
});
