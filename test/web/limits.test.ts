import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allScopes } from '../../src/catalog/catalog.ts';
import type { Grant, ProviderAccess, User } from '../../src/store/records.ts';
import { depositSandboxKey } from '../../src/vault/sandbox_key.ts';
import { beginAuthorization } from '../support/authorization.ts';
import {
  type Broker,
  createClient,
  createUser,
  deposit,
  type RegisteredClient,
  startBroker,
} from '../support/broker.ts';
import { type FormFields, Person, type Screen } from '../support/person.ts';
import { connectApp } from '../support/world.ts';

let now = Date.now();
let broker: Broker;
let developer: User;

beforeAll(async () => {
  broker = await startBroker({ clock: () => now });
  developer = await createUser(broker);
});
afterAll(() => broker.close());

const access: ProviderAccess = {
  type: 'provider_access',
  provider: 'openai',
  models: ['gpt-5*', 'text-embedding-3-small'],
  budgets: [
    { limit_usd: '0.50', limit_requests: 100, period: 'day', strict: true },
    { limit_requests: 400, period: 'week' },
    { limit_usd: '5.00', period: 'month', strict: true },
  ],
  rate: { requests_per_minute: 60, concurrent_requests: 2 },
  max_output_tokens: 1000,
};
const bare = { type: 'provider_access', provider: 'openai' } as const;

/** What the fields hold for the limits above. */
const fields = {
  openai_models: 'gpt-5*\ntext-embedding-3-small',
  openai_requests: '60',
  openai_at_once: '2',
  openai_tokens: '1000',
  openai_day: '0.50',
  openai_week: '',
  openai_month: '5.00',
  openai_total: '',
  openai_calls_day: '100',
  openai_calls_week: '400',
  openai_calls_month: '',
  openai_calls_total: '',
  openai_strict: 'on',
};
const approval = { decision: 'approve', scope: ['openai:text', 'openai:embeddings'], life: 'month' };

interface Visit {
  readonly person: Person;
  readonly user: User;
  readonly client: RegisteredClient;
  /** Puts a request before the person. @returns path of the consent page */
  propose(details: readonly ProviderAccess[], scope?: string): Promise<string>;
  grant(): Promise<Grant | undefined>;
}

/** Somebody with a key for each provider, and an app that asks them. */
async function visit(): Promise<Visit> {
  const user = await createUser(broker);
  await deposit(broker, user.id);
  await depositSandboxKey(broker.deps, { userId: user.id, provider: 'anthropic' }, { kind: 'system' });
  const client = await createClient(broker, developer.id, { name: 'Notes', scope: allScopes.join(' ') });
  const person = new Person(broker);
  await person.signIn(user.email);
  return {
    person,
    user,
    client,
    propose: (details, scope = 'openai:text openai:embeddings') =>
      beginAuthorization(person, client, { scope, authorization_details: JSON.stringify(details) }),
    grant: async () => (await broker.deps.store.grants.listGrants({ userId: user.id }))[0]?.grant,
  };
}

/** What the fields of a page hold, by their names. */
function heldBy({ html }: Screen): Readonly<Record<string, string>> {
  const inputs = [...html.matchAll(/<input[^>]*name="(openai_\w+)"[^>]*>/g)]
    .filter(([tag]) => !tag.includes('type="checkbox"') || tag.includes('checked=""'))
    .map(([tag, name]) => [name, /value="([^"]*)"/.exec(tag)?.[1] ?? ''] as const);
  const areas = [...html.matchAll(/<textarea[^>]*name="(openai_\w+)"[^>]*>([^<]*)</g)].map(
    ([, name, text]) => [name, text] as const,
  );
  return Object.fromEntries([...inputs, ...areas]);
}

const tooMany = Array.from({ length: 51 }, (_, index) => `model-${index}`).join('\n');

describe('at consent', () => {
  test('what the app proposes stands in the fields, unfolded, and is granted as it stands', async () => {
    const { person, propose, grant } = await visit();
    const path = await propose([access]);
    const page = await person.get(path);
    expect(heldBy(page)).toEqual(fields);
    expect(page.html).toContain('<details class="more" open="">');
    expect(page.text).toContain('Proposed by the app; change them as you like.');
    await person.post(path, { ...approval, ...fields });
    expect((await grant())?.authorizationDetails).toEqual([access]);
  });

  test('the user lowers, raises, removes and adds limits', async () => {
    const { person, propose, grant } = await visit();
    await person.submit(await propose([access]), {
      ...approval,
      openai_models: 'gpt-5-mini, gpt-4o*\n o3 ,gpt-5-mini',
      openai_requests: '120',
      openai_tokens: '',
      openai_day: '',
      openai_week: '$ 2',
      openai_month: '1.5',
      openai_calls_week: '70',
    });
    expect((await grant())?.authorizationDetails).toEqual([
      {
        ...bare,
        models: ['gpt-5-mini', 'gpt-4o*', 'o3'],
        budgets: [
          { limit_usd: '2.00', limit_requests: 70, period: 'week' },
          { limit_usd: '1.50', period: 'month' },
        ],
        rate: { requests_per_minute: 120 },
      },
    ]);
  });

  test('where the app proposes none they are folded away, and can be set all the same', async () => {
    const { person, client, grant } = await visit();
    const path = await beginAuthorization(person, client);
    const page = await person.get(path);
    expect(page.html).toContain('<details class="more"><summary>Limits with OpenAI');
    await person.post(path, { ...approval, openai_total: '3' });
    const budgets = [{ limit_usd: '3.00', period: 'total' }];
    expect((await grant())?.authorizationDetails).toEqual([{ ...bare, budgets }]);
  });

  test('empty fields, and fields that were not sent, are no limits', async () => {
    for (const sent of [Object.fromEntries(Object.keys(fields).map((name) => [name, ' '])), {}]) {
      const { person, propose, grant } = await visit();
      await person.submit(await propose([access]), { ...approval, ...sent });
      expect((await grant())?.authorizationDetails).toEqual([]);
    }
  });

  test.each([
    ['models', ['gpt 5!', '*gpt', 'a*b', '/etc', 'x'.repeat(130), ',', tooMany]],
    ['requests', ['many', '0', '-1', '1.5', '1.000', '1,000', '1e3', '0x10', '60001']],
    ['at_once', ['many', '0', '10001']],
    ['calls_total', ['many', '0', '-1', '1.5', '1,000', '1000000001']],
    ['tokens', ['many', '0', '10000001', '1 000']],
    ['month', ['five', '0', '-5', '5,00', '1,000', '5 €', '1e2', '.5', '10000000', '0.0000000001']],
  ])('what cannot be %s is said at the field, and what was typed stays', async (limit, wrong) => {
    const { person, propose, grant } = await visit();
    const path = await propose([access]);
    await person.get(path);
    const name = `openai_${limit}`;
    for (const text of wrong) {
      const page = await person.post(path, { ...approval, ...fields, [name]: text });
      expect(page.status, text).toBe(422);
      expect(heldBy(page)).toEqual({ ...fields, [name]: text });
      expect(page.html).toMatch(new RegExp(`<p class="complaint" id="${name}-complaint">Write`));
      expect(page.html).toContain(`<a href="#${name}">`);
      expect(page.html).toMatch(new RegExp(`aria-describedby="[^"]*${name}-complaint"`));
      expect(page.html.match(/class="complaint"/g)).toHaveLength(1);
    }
    expect(await grant()).toBeUndefined();
  });

  test('every wrong field is told of at once', async () => {
    const { person, propose } = await visit();
    const sent = {
      ...approval,
      openai_models: '?',
      openai_requests: '?',
      openai_week: '?',
      openai_total: '?',
    };
    const page = await person.submit(await propose([]), sent);
    expect(page.html.match(/class="complaint"/g)).toHaveLength(4);
    expect(page.html).toContain('<details class="more" open="">');
  });

  test('what is too long together is said where it can be shortened', async () => {
    const { person, propose, grant } = await visit();
    const long = (prefix: string) =>
      Array.from({ length: 20 }, (_, index) => prefix.repeat(50) + index).join(' ');
    const models = { openai_models: long('a'), anthropic_models: long('b') };
    const page = await person.submit(await propose([], 'openai:text anthropic:text'), {
      ...approval,
      ...models,
      scope: ['openai:text', 'anthropic:text'],
    });
    expect(page.status).toBe(422);
    expect(page.html).toContain('id="anthropic_models-complaint"');
    expect(await grant()).toBeUndefined();
  });

  test('limits go with the providers of what is left ticked, each with its own', async () => {
    const both = [
      { ...bare, max_output_tokens: 7 },
      { ...bare, provider: 'anthropic', max_output_tokens: 8 },
    ];
    const sent = { ...approval, openai_tokens: '7', anthropic_tokens: '8' };
    const scope = 'openai:text anthropic:text';
    const ask = async (ticked: readonly string[], more: FormFields = {}) => {
      const { person, propose, grant } = await visit();
      await person.submit(await propose(both, scope), { ...sent, scope: ticked, ...more });
      return (await grant())?.authorizationDetails;
    };
    expect(await ask(['openai:text', 'anthropic:text'])).toEqual(both);
    expect(await ask(['anthropic:text'], { openai_tokens: 'nonsense' })).toEqual([both[1]]);
  });

  test('37 limits for what was not asked for change nothing', async () => {
    const { person, propose, grant } = await visit();
    await person.submit(await propose([]), {
      ...approval,
      scope: ['openai:text', 'anthropic:text'],
      anthropic_tokens: '8',
      nobody_tokens: '9',
      __proto___tokens: '9',
    });
    expect(await grant()).toMatchObject({ scope: 'openai:text', authorizationDetails: [] });
  });
});

describe('at a repeated consent', () => {
  test('the fields keep what holds, and tell of what the app proposes instead', async () => {
    const { person, propose } = await visit();
    const held = {
      ...fields,
      openai_requests: '10',
      openai_day: '',
      openai_week: '2.00',
      openai_tokens: '500',
    };
    await person.submit(await propose([access]), { ...approval, ...held });
    const proposal = {
      ...bare,
      rate: { requests_per_minute: 90 },
      max_output_tokens: 500,
      budgets: [{ limit_usd: '1.00', period: 'day' as const }],
    };
    const page = await person.get(await propose([proposal]));
    expect(heldBy(page)).toEqual({ ...held, openai_day: '1.00' });
    expect(page.text).toContain('The app proposes: 90.');
    expect(page.html.match(/Now: [^<]*/g)).toEqual(['Now: no limit.', 'Now: until ']);
  });

  test('without a proposal nothing is lost, and every change is shown beside what holds', async () => {
    const { person, propose, client, grant } = await visit();
    await person.submit(await propose([access]), { ...approval, ...fields });
    const path = await beginAuthorization(person, client);
    const page = await person.get(path);
    expect(heldBy(page)).toEqual(fields);
    expect(page.html.match(/Now: [^<]*/g)).toEqual(['Now: until ']);
    const other = { openai_models: '', openai_tokens: 'few', openai_week: '1.00', openai_month: '' };
    const refused = await person.post(path, { ...approval, ...fields, ...other });
    expect(refused.text).toContain('Now: gpt-5*, text-embedding-3-small.');
    expect(refused.text).toContain('Now: 1000.');
    expect(refused.text).toContain('Now: $5.00.');
    expect(refused.text).toContain('Now: no limit.');
    await person.post(path, { ...approval, ...fields });
    expect((await grant())?.authorizationDetails).toEqual([access]);
  });

  test('limits with a provider that is new have nothing to be compared with', async () => {
    const { person, propose } = await visit();
    await person.submit(await propose([], 'anthropic:text'), { ...approval, scope: 'anthropic:text' });
    expect((await person.get(await propose([access]))).text).not.toContain('Now: no limit');
  });

  test('what is no longer asked for is named', async () => {
    const { person, propose, client } = await visit();
    const scope = 'openai:text openai:images anthropic:text';
    await person.submit(await propose([], scope), { ...approval, scope: scope.split(' ') });
    const page = await person.get(await beginAuthorization(person, client));
    expect(page.text).toContain(
      'No longer asked for, and so no longer allowed: make and edit images with OpenAI; generate text with Anthropic .',
    );
    expect((await person.get(await propose([], scope))).text).not.toContain('No longer asked for');
  });

  test.each(['day', 'month', 'always'])('a life of a %s is chosen again', async (life) => {
    const { person, client } = await visit();
    const chosen = async () => {
      const { html } = await person.get(await beginAuthorization(person, client));
      return /<option value="(\w+)" selected="">/.exec(html)?.[1];
    };
    expect(await chosen()).toBe('month');
    await person.submit(await beginAuthorization(person, client), { ...approval, life });
    now += 60_000;
    expect(await chosen()).toBe(life);
  });
});

describe('of a connected app', () => {
  async function connected() {
    const somebody = await visit();
    const { grantId } = await connectApp(broker, somebody.user, somebody.client);
    return { ...somebody, grantId, path: `/apps/${grantId}` };
  }

  test('are told in words, and changed without another consent', async () => {
    const { person, path, grant } = await connected();
    const before = await grant();
    const page = await person.get(path);
    expect(page.text).toContain('Limits None Key');
    now += 1000;
    const saved = await person.post(`${path}/limits`, fields);
    const shown = await person.get(saved.location ?? '');
    expect(shown.text).toContain('The limits hold from the app’s very next call.');
    const words =
      'OpenAI: only gpt-5*, text-embedding-3-small; at most 60 requests a minute, 2 requests at the same time, 1000 tokens an answer, 100 requests a day, 400 requests a week, $0.50 a day and $5.00 a month; counted strictly';
    expect(shown.text).toContain(words);
    expect((await person.get('/apps')).text).toContain(words);
    expect(heldBy(shown)).toEqual(fields);
    expect(await grant()).toEqual({ ...before, authorizationDetails: [access], updatedAt: now });
    await person.post(`${path}/limits`, { openai_models: '' });
    expect((await grant())?.authorizationDetails).toEqual([]);
    expect((await person.get('/account')).text).toContain('Limits of an app changed');
  });

  test('stay as they are when a field is wrong, which keeps what was typed', async () => {
    const { person, path, grant } = await connected();
    await person.get(path);
    await person.post(`${path}/limits`, fields);
    const page = await person.post(`${path}/limits`, { ...fields, openai_requests: 'many' });
    expect(page.status).toBe(422);
    expect(page.html).toContain('<title>Error: ');
    expect(page.html).toContain('<details class="more" open="">');
    expect(heldBy(page)).toEqual({ ...fields, openai_requests: 'many' });
    expect((await grant())?.authorizationDetails).toEqual([access]);
  });

  test('are set for nothing but what it may do', async () => {
    const { person, path, grant } = await connected();
    await person.submit(path, {});
    await person.post(`${path}/limits`, { openai_models: '', anthropic_tokens: '8' });
    expect((await grant())?.authorizationDetails).toEqual([]);
  });

  test('are not taken away by a form that did not show them yet', async () => {
    const { person, path, grant, propose } = await connected();
    const both = [access, { ...bare, provider: 'anthropic', max_output_tokens: 8 }];
    const scope = 'openai:text anthropic:text';
    await person.submit(await propose([], scope), {
      ...{ ...approval, scope: scope.split(' ') },
      ...{ ...fields, anthropic_tokens: '8' },
    });
    expect((await grant())?.authorizationDetails).toEqual(both);
    const stale = await person.submit(`${path}/limits`, fields);
    expect([stale.status, stale.location]).toEqual([303, path]);
    expect((await grant())?.authorizationDetails).toEqual(both);
    await person.post(`${path}/limits`, { ...fields, anthropic_models: '' });
    expect((await grant())?.authorizationDetails).toEqual([access]);
  });

  test('are nobody else’s to change, nor anybody’s after its end', async () => {
    const { person, path, grant, grantId } = await connected();
    const { person: stranger } = await visit();
    await stranger.get('/apps');
    expect((await stranger.post(`${path}/limits`, fields)).status).toBe(404);
    await person.get(path);
    await broker.deps.store.grants.revokeGrant(grantId, 'user', { kind: 'system' });
    const answer = await person.post(`${path}/limits`, fields);
    const page = await person.get(answer.location ?? '');
    expect(page.text).not.toContain('The limits hold');
    expect(page.text).not.toContain('Change the limits');
    expect((await grant())?.authorizationDetails).toEqual([]);
  });
});

test('a developer sets them for a test token, and keeps what was typed when it is wrong', async () => {
  const { person, user } = await visit();
  const client = await createClient(broker, user.id, { name: 'Mine', scope: 'openai:text openai:images' });
  await person.get(`/developer/${client.id}`);
  const path = `/developer/${client.id}/token`;
  const wrong = await person.post(path, { scope: 'openai:text', openai_tokens: 'few', openai_requests: '5' });
  expect(wrong.status).toBe(422);
  expect(heldBy(wrong)).toMatchObject({ openai_tokens: 'few', openai_requests: '5' });
  const [, ticks = ''] = /id="token-scope">(.*?)<\/fieldset>/s.exec(wrong.html) ?? [];
  expect(ticks).toContain('value="openai:text" checked=""');
  expect(ticks).toMatch(/value="openai:images"\/?>/);
  const made = await person.post(path, { scope: 'openai:text', openai_tokens: '9' });
  expect(made.status).toBe(200);
  const [view] = await broker.deps.store.grants.listGrants({ clientId: client.id });
  expect(view?.grant).toMatchObject({
    test: true,
    authorizationDetails: [{ ...bare, max_output_tokens: 9 }],
  });
});
