import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { beginAuthorization } from '../support/authorization.ts';
import { type Broker, startBroker } from '../support/broker.ts';
import { Person, type Screen } from '../support/person.ts';
import { furnish, type World } from '../support/world.ts';

let broker: Broker;
let world: World;
let person: Person;

beforeAll(async () => {
  broker = await startBroker();
  world = await furnish(broker);
  person = new Person(broker);
  await person.signIn(world.user.email);
});
afterAll(() => broker.close());

const pages: Readonly<Record<string, () => Promise<Screen>>> = {
  'the start page': () => new Person(broker).get('/'),
  'sign-in': () => new Person(broker).get('/sign-in'),
  'a refused sign-in': () =>
    new Person(broker).submit('/sign-in', { email: 'a@example.com', password: 'no' }),
  'closed sign-up': () => new Person(broker).get('/sign-up'),
  'a dead invitation': () => new Person(broker).get('/invite/ccin_none'),
  'the way to sign-in': () => new Person(broker).get('/keys'),
  apps: () => person.get('/apps'),
  'a connected app': () => person.get(`/apps/${world.grantId}`),
  keys: () => person.get('/keys'),
  'a new key': () => person.get('/keys/new'),
  'a key': () => person.get(`/keys/${world.credential.id}`),
  activity: () => person.get('/activity'),
  developer: () => person.get('/developer'),
  'a new app': () => person.get('/developer/new'),
  'a registered app': () => person.get(`/developer/${world.client.id}`),
  account: () => person.get('/account'),
  operator: () => person.get('/operator'),
  consent: async () => person.get(await beginAuthorization(person, world.client)),
  'the code of a device': () => person.get('/device'),
  'the end of a device’s request': () => person.get('/device/done'),
  'a consent request that is gone': () => person.get('/consent/arq_gone'),
  'a form without its token': () => person.post('/keys/new', { csrf: undefined }),
  'a missing page': () => person.get('/nowhere'),
};

describe.each(Object.entries(pages))('%s', (_name, open) => {
  let screen: Screen;
  beforeAll(async () => {
    screen = await open();
  });

  test('31 cannot be framed', () => {
    expect(screen.headers.get('x-frame-options')).toBe('DENY');
    expect(screen.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  test('32 passes no address on and loads nothing from elsewhere', () => {
    expect(screen.headers.get('referrer-policy')).toBe('no-referrer');
    const policy = screen.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:\/\/(?!margin-notes\.example)/);
    for (const [, address] of screen.html.matchAll(/(?:src|<link[^>]*href)="([^"]*)"/g)) {
      expect(address).toMatch(/^\/assets\//);
    }
    expect(screen.html).not.toMatch(/\son\w+=|style="|<style|<script(?![^>]*src=)/);
  });

  test('33 is not stored and not sniffed', () => {
    expect(screen.headers.get('cache-control')).toBe('no-store');
    expect(screen.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('on plain http promises no https', () => {
    expect(screen.headers.get('strict-transport-security')).toBeNull();
  });
});

test('style sheet, script and picture may be kept for good: their addresses change with them', async () => {
  const { html } = await person.get('/keys');
  const addresses = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]*)"/g)].map(
    ([, address]) => address ?? '',
  );
  expect(addresses).toHaveLength(3);
  const types = await Promise.all(
    addresses.map(async (address) => {
      const file = await new Person(broker).get(address);
      expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(file.headers.get('x-content-type-options')).toBe('nosniff');
      expect(file.headers.getSetCookie()).toEqual([]);
      return file.headers.get('content-type');
    }),
  );
  expect(types.sort()).toEqual([
    'image/svg+xml',
    'text/css; charset=utf-8',
    'text/javascript; charset=utf-8',
  ]);
});

test('every page names its language and title, and every input has a label', async () => {
  for (const open of Object.values(pages)) {
    const { html } = await open();
    if (html === '') continue;
    expect(html).toContain('<html lang="en">');
    expect(html).toMatch(/<title>[^<]+ · Coatcheck<\/title>/);
    for (const [, id] of html.matchAll(/<(?:input|select|textarea)\b[^>]*\bid="([^"]*)"/g)) {
      expect(html).toContain(`<label for="${id}">`);
    }
  }
});

test('no page holds an id twice', async () => {
  for (const open of Object.values(pages)) {
    const ids = [...(await open()).html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
  }
});
