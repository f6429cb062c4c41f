import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand, runJson } from '../support/command_line.ts';
import { createHome, type Home } from '../support/home.ts';
import { startServer } from '../support/process.ts';

const email = 'ada@example.com';

let home: Home;
let ids: { readonly user: string; readonly key: string; readonly client: string };

beforeAll(async () => {
  home = await createHome();
  const { user_id: user } = await runJson<{ user_id: string }>(home, ['user', 'create', '--email', email]);
  const { key_id: key } = await runJson<{ key_id: string }>(
    home,
    ['key', 'deposit', '--user', email, '--provider', 'openai'],
    { input: 'sk-sandbox-budget-0001\n' },
  );
  await runJson(home, ['key', 'deposit', '--user', email, '--provider', 'anthropic'], {
    input: 'sk-ant-sandbox-budget-0002\n',
  });
  const { client_id: client } = await runJson<{ client_id: string }>(home, [
    ...['app', 'create', '--owner', email, '--name', 'Notes', '--scope', 'openai:text anthropic:text'],
    ...['--redirect-uri', 'https://app.example.com/callback'],
  ]);
  ids = { user, key, client };
});
afterAll(() => home.remove());

interface GrantJson {
  readonly grant_id: string;
  readonly access_token: string;
  readonly authorization_details: readonly unknown[];
}

const createGrant = (...options: readonly string[]) =>
  runJson<GrantJson>(home, [
    ...['grant', 'create', '--user', email, '--client', ids.client, '--scope', 'openai:text anthropic:text'],
    ...options,
  ]);

async function budgets(...args: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await runJson<{ budgets: readonly Record<string, unknown>[] }>(home, ['budget', ...args])).budgets;
}

async function limitsOf(grantId: string) {
  const { grants } = await runJson<{ grants: readonly GrantJson[] }>(home, ['grant', 'list']);
  return grants.find(({ grant_id }) => grant_id === grantId)?.authorization_details;
}

const access = (provider: string, limits: object) => ({ type: 'provider_access', provider, ...limits });

test('a grant is made with several budgets, written with commas or one by one', async () => {
  const made = await createGrant(
    ...['--budget', '5.00/month, 1/day', '--budget', '20/total', '--requests', '1000/month,40/week'],
    ...['--concurrent', '3', '--rpm', '60', '--strict'],
  );
  const limits = {
    budgets: [
      { limit_usd: '5.00', strict: true, limit_requests: 1000, period: 'month' },
      { limit_usd: '1', strict: true, period: 'day' },
      { limit_usd: '20', strict: true, period: 'total' },
      { limit_requests: 40, period: 'week' },
    ],
    rate: { requests_per_minute: 60, concurrent_requests: 3 },
  };
  expect(made.authorization_details).toEqual([access('openai', limits), access('anthropic', limits)]);
});

test('budgets of a user are set, listed and removed', async () => {
  const month = {
    holder: ids.user,
    provider: null,
    unit: 'usd',
    period: 'month',
    limit: '5.00',
    strict: true,
    used: '0.00',
    held: '0.00',
    left: '5.00',
    resets_at: expect.stringMatching(/-01T00:00:00\.000Z$/),
  };
  const calls = { ...month, unit: 'requests', period: 'total', limit: 100, strict: false };
  const requests = { ...calls, used: 0, held: 0, left: 100, resets_at: null };
  const set = ['set', '--user', email, '5.00/month', '--requests', '100/total', '--strict'];
  expect(await budgets(...set)).toEqual([requests, month]);
  expect(await budgets('list', '--user', ids.user)).toEqual(expect.arrayContaining([requests, month]));
  expect(await budgets('remove', '--user', email, 'month,week', '--requests', 'day')).toEqual([requests]);
  expect(await budgets('remove', '--user', email, '--requests', 'total')).toEqual([]);
});

test.each(['key', 'client'] as const)('budgets of a %s are set, listed and removed', async (kind) => {
  const day = { holder: ids[kind], provider: null, unit: 'usd', period: 'day', limit: '0.50', strict: false };
  expect(await budgets('set', `--${kind}`, ids[kind], '0.5/day')).toMatchObject([day]);
  expect(await budgets('list')).toContainEqual(expect.objectContaining(day));
  expect(await budgets('remove', `--${kind}`, ids[kind], 'day')).toEqual([]);
});

test('budgets of a grant are set beside its other limits, for all of its providers or one', async () => {
  const { grant_id } = await createGrant(
    '--models',
    'gpt-5*',
    '--budget',
    '5/month',
    '--requests',
    '9/month',
  );
  const set = ['set', '--grant', grant_id];
  const month = { unit: 'usd', period: 'month' };
  const calls = { unit: 'requests', period: 'month' };
  expect(await budgets(...set, '7.50/month', '1/day', '--strict', '--provider', 'openai')).toMatchObject([
    { ...month, provider: 'openai', limit: '7.50', strict: true },
    { ...calls, provider: 'openai', limit: 9 },
    { unit: 'usd', period: 'day', provider: 'openai', limit: '1.00', strict: true },
    { ...month, provider: 'anthropic', limit: '5.00', strict: false },
    { ...calls, provider: 'anthropic', limit: 9 },
  ]);
  expect(await budgets(...set, '--requests', '8/month')).toMatchObject([
    { unit: 'usd', period: 'day', provider: 'openai', strict: true },
    { ...month, provider: 'openai', limit: '7.50', strict: true },
    { ...calls, provider: 'openai', limit: 8 },
    { ...month, provider: 'anthropic', limit: '5.00', strict: false },
    { ...calls, provider: 'anthropic', limit: 8 },
  ]);
  await budgets('remove', '--grant', grant_id, 'month,day');
  const rest = { models: ['gpt-5*'], budgets: [{ limit_requests: 8, period: 'month' }] };
  expect(await limitsOf(grant_id)).toEqual([access('openai', rest), access('anthropic', rest)]);
});

test('a grant that is left without limits is not limited', async () => {
  const { grant_id } = await createGrant('--budget', '5/month');
  expect(await budgets('remove', '--grant', grant_id, 'month')).toEqual([]);
  expect(await limitsOf(grant_id)).toBeUndefined();
});

test('a budget that is set beside a running server holds from the next call on', async () => {
  const server = await startServer(home);
  const { access_token: token } = await createGrant();
  const ask = async () => {
    const response = await fetch(`${server.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    await response.text();
    return response.status;
  };
  try {
    expect(await ask()).toBe(200);
    await budgets('set', '--user', email, '--requests', '2/day');
    expect([await ask(), await ask()]).toEqual([200, 402]);
    expect(await budgets('list', '--user', email)).toMatchObject([{ used: 2, left: 0 }]);
    await budgets('remove', '--user', email, '--requests', 'day');
    expect(await ask()).toBe(200);
  } finally {
    await server.stop();
  }
});

const user = ['budget', 'set', '--user', email];
test.each([
  ['an amount for a day, week, month or total, such as 5.00/month', [...user, '5.00']],
  ['an amount for a day, week, month or total, such as 5.00/month', [...user, '5.00/year']],
  ['must be dollars as a string', [...user, 'five/month']],
  ['name month once', [...user, '5/month,6/month']],
  ['--requests: ', [...user, '--requests', '1.5/day']],
  ['name an amount', user],
  ['name one of --user, --key, --client and --grant', ['budget', 'set', '5/month']],
  ['name one of --user, --key, --client and --grant', [...user, '--key', 'key_none', '5/month']],
  ['--provider goes with --grant', [...user, '--provider', 'openai', '5/month']],
  ['no user nobody@example.com', ['budget', 'set', '--user', 'nobody@example.com', '5/month']],
  ['no key key_none', ['budget', 'set', '--key', 'key_none', '5/month']],
  ['no app cli_none', ['budget', 'set', '--client', 'cli_none', '5/month']],
  ['no grant grt_none', ['budget', 'set', '--grant', 'grt_none', '5/month']],
  ['year is no period', ['budget', 'remove', '--user', email, 'year']],
  ['name the periods', ['budget', 'remove', '--user', email]],
])('says “%s” to %j', async (message, args) => {
  const result = await runCommand(home, args);
  expect(result).toMatchObject({ code: 1, stdout: '' });
  expect(result.stderr.toLowerCase()).toContain(message.toLowerCase());
});

test('the budgets of a grant that has ended, or of a provider that it is not for, cannot be set', async () => {
  const { grant_id } = await createGrant();
  // Nothing of what was wrong has been kept either.
  expect(await budgets('list')).toEqual([]);
  const set = ['budget', 'set', '--grant', grant_id, '5/month'];
  expect((await runCommand(home, [...set, '--provider', 'groq'])).stderr).toContain('not for groq');
  await runJson(home, ['grant', 'revoke', grant_id]);
  expect((await runCommand(home, set)).stderr).toContain('has ended');
});
