import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allScopes, apis } from '../../src/catalog/catalog.ts';
import { groundOf, readSurface, type SurfaceRow } from '../catalog/surface.ts';
import { json } from './support/upstream.ts';
import { type ProxyWorld, startWorld } from './support/world.ts';

type Spelling = (target: string) => string;

/** Leads where the target itself leads. */
const same: Readonly<Record<string, Spelling>> = {
  plain: (target) => target,
  'absolute form': (target) => `http://elsewhere.example${target}`,
  query: (target) => `${target}${target.includes('?') ? '&' : '?'}beta=true&model=o1&key=x`,
};

/** Looks like the target, and leads nowhere. */
const other: Readonly<Record<string, Spelling>> = {
  'trailing slash': onPath((path) => `${path}/`),
  'double slash': onPath((path) => path.replace(/\/(?=[^/]*$)/, '//')),
  'double slash before': onPath((path) => `/${path}`),
  'encoded letter': onPath((path) => path.replace(/[a-z]$/, encoded)),
  'encoded slash': onPath((path) => path.replace(/\/(?=[^/]*$)/, '%2f')),
  'encoded twice': onPath((path) => path.replace(/\/(?=[^/]*$)/, '%252f')),
  'dot segment': onPath((path) => path.replace(/\/(?=[^/]*$)/, '/./')),
  'way around': onPath((path) => `${path}/../${path.slice(path.lastIndexOf('/') + 1)}`),
  backslash: onPath((path) => path.replace(/\/(?=[^/]*$)/, '\\')),
  capitals: onPath((path) => path.toUpperCase()),
  parameter: onPath((path) => `${path};v=1`),
  'null byte': onPath((path) => `${path}%00`),
};

function onPath(change: (path: string) => string): Spelling {
  return (target) => target.replace(/^[^?]*/, change);
}

function encoded(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16)}`;
}

const agent = new Agent({ keepAlive: true, maxSockets: 20 });
afterAll(() => agent.destroy());

describe.each(apis)('of everything that the API at $mount can be asked for', (api) => {
  let world: ProxyWorld;
  beforeAll(async () => {
    const answer = json(200, {
      ...{ object: 'model', id: 'some-id', created: 1, owned_by: 'openai', data: [] },
      // One provider tells its own models from the account's by this.
      type: 'base',
      ...{ name: 'models/some-id', models: [] },
    });
    world = await startWorld({
      api,
      // Nothing is deleted, so that it can be asked for again.
      answer: (response, request) =>
        (request.method === 'DELETE' ? json(409, {}) : answer)(response, request),
    });
    // Whatever a path can name is the app's own.
    const { broker, grantId, credentialId } = world;
    const kinds = new Set(api.routes.flatMap(({ kept = {} }) => Object.values(kept)));
    await broker.deps.store.objects.recordObjects(
      { provider: api.name, grantId, credentialId, callId: 'call_made_before' },
      [...kinds].map((kind) => ({ kind, id: 'some-id' })),
    );
  });
  afterAll(async () => {
    await world.close();
  });

  const surface = readSurface(api);
  const lent = surface.filter(({ verdict }) => verdict === 'lent');

  /** Whether the slash behind the mount is written so that it is none: nothing of the provider's ground is asked for. */
  const isBesideMount = (target: string) => target.includes(`${api.mount}%25`);

  /** Whether the row leads to something that is lent: with a query it is the row without it. */
  function leadsSomewhere({ method, path }: SurfaceRow): boolean {
    const [plain] = path.split('?');
    if (lent.some((row) => row.method === method && row.path === path)) return true;
    return lent.some((row) => row.method === method && row.path === plain);
  }

  /** @returns status and code of the answer */
  async function ask({ method, path }: SurfaceRow, spell: Spelling, token: string) {
    const target = spell(`/${groundOf(api)}${path.replaceAll(/\{\w+\}/g, 'some-id')}`);
    const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const { port } = new URL(world.url);
    const sent = request({
      agent,
      port,
      host: '127.0.0.1',
      method: method === 'WS' ? 'GET' : method,
      path: target,
      headers: { authorization: `Bearer ${token}`, ...(method === 'WS' ? upgrade : {}) },
    });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const body = await text(answer);
    return {
      target: `${method} ${target}`,
      status: answer.statusCode,
      code: /"(?:code|error_type|reason)":"(\w+)"/.exec(body)?.[1],
    };
  }

  async function askAll(rows: readonly SurfaceRow[], spellings: Readonly<Record<string, Spelling>>) {
    const answers = [];
    for (const spell of Object.values(spellings)) {
      answers.push(...(await Promise.all(rows.map((row) => ask(row, spell, world.token)))));
    }
    return answers;
  }

  it('what is lent is passed on, however the target may be written', async () => {
    const answers = await askAll(surface.filter(leadsSomewhere), same);
    expect(answers.filter(({ code }) => code === 'not_delegable' || code === 'insufficient_scope')).toEqual(
      [],
    );
    expect(answers.length).toBeGreaterThanOrEqual(lent.length * 3);
    console.log(`${answers.length} requests to ${lent.length} lent routes passed`);
  });

  it('nothing else is, in no spelling', async () => {
    const before = world.upstream.requests.length;
    const never = await askAll(
      surface.filter((row) => !leadsSomewhere(row)),
      { ...same, ...other },
    );
    const near = await askAll(surface.filter(leadsSomewhere), other);
    const answers = [...never, ...near];
    const told = answers.filter(({ target }) => !isBesideMount(target));
    expect(told.filter(({ status, code }) => status !== 404 || code !== 'not_delegable')).toEqual([]);
    expect(answers.filter(({ status }) => status !== 404)).toEqual([]);
    expect(world.upstream.requests).toHaveLength(before);
    console.log(
      `${answers.length} requests to anything else refused, in ${Object.keys(other).length + 3} spellings`,
    );
  });

  it('what is lent needs its own scope, and no other one helps', async () => {
    const minted = async (scopes: readonly string[]) => {
      const { deps } = world.broker;
      const verified = await deps.accessTokens.verify(world.token);
      if (!verified) throw new Error('no good token');
      const { token } = await deps.accessTokens.mint({ ...verified.claims, scope: scopes.join(' ') }, null);
      return token;
    };
    for (const row of lent) {
      const alone = await ask(row, (target) => target, await minted([row.scope]));
      expect(alone).not.toMatchObject({ code: 'insufficient_scope' });
      const others = await minted(allScopes.filter((scope) => scope !== row.scope));
      expect(await ask(row, (target) => target, others)).toMatchObject({
        status: 403,
        code: 'insufficient_scope',
      });
    }
  });
});
