import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommand, runJson } from '../support/command_line.ts';
import { createHome, createPostgresHome, createSqliteHome, type Home } from '../support/home.ts';
import { freePort, type ServerProcess, startServer } from '../support/process.ts';

interface Backup {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly tables: Readonly<Record<string, number>>;
  readonly master_key_ids: readonly string[];
}

const email = 'ada@example.com';

let home: Home;
let env: Record<string, string>;
let folder: string;
let path: string;
let app: { readonly client_id: string; readonly client_secret: string };
let tokens: { readonly grant_id: string; readonly access_token: string; readonly refresh_token: string };
let backup: Backup;

const models = ({ url }: ServerProcess, accessToken: string) =>
  fetch(`${url}/openai/v1/models`, { headers: { authorization: `Bearer ${accessToken}` } });
const refresh = ({ url }: ServerProcess, token: string) =>
  fetch(`${url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token, ...app }),
  });
const createGrant = (at: Home) =>
  runJson<typeof tokens>(
    at,
    ['grant', 'create', '--user', email, '--client', app.client_id, '--scope', 'openai:models.read'],
    { env },
  );

// Each test runs several processes.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Makes a backup of a store in use, while calls and refreshes go on. */
beforeAll(async () => {
  home = await createHome();
  folder = mkdtempSync(join(tmpdir(), 'coatcheck-backup-'));
  path = join(folder, 'backup.sqlite');
  await runJson(home, ['user', 'create', '--email', email, '--operator'], {
    input: 'correct horse battery\n',
  });
  await runJson(home, ['key', 'deposit', '--user', email, '--provider', 'openai'], {
    input: 'sk-sandbox-to-be-backed-up\n',
  });
  app = await runJson(home, [
    ...['app', 'create', '--owner', email, '--name', 'Notes', '--redirect-uri', 'https://app.example.com/'],
  ]);
  // The same address after restoring, or tokens would be refused for another reason.
  env = { PORT: String(await freePort()) };
  tokens = await createGrant(home);
  const server = await startServer(home, env);
  const traffic = { goesOn: true };
  const busy = async () => {
    let token = tokens.refresh_token;
    while (traffic.goesOn) {
      await (await models(server, tokens.access_token)).text();
      token = ((await (await refresh(server, token)).json()) as { refresh_token: string }).refresh_token;
    }
  };
  const running = busy();
  await vi.waitFor(async () => expect(await home.query('select * from calls')).not.toEqual([]), {
    timeout: 10_000,
  });
  backup = await runJson<Backup>(home, ['backup', path]);
  traffic.goesOn = false;
  await running;
  await server.stop();
});
afterAll(async () => {
  await home.remove();
  rmSync(folder, { recursive: true });
});

describe('backup', () => {
  it('is one complete file for its owner only, and says what is in it', () => {
    expect(readdirSync(folder)).toEqual(['backup.sqlite']);
    // Not in WAL mode, so that it can be read where nothing can be written.
    expect(readFileSync(path).readUInt8(18)).toBe(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(backup).toMatchObject({ path, bytes: bytes.length, sha256 });
    const database = new Database(path, { readonly: true });
    const count = (name: string) => database.prepare(`select count(*) from ${name}`).pluck().get();
    expect(backup.tables).toMatchObject({ users: 1, credentials: 1, grants: 1, wraps: 2 });
    for (const [name, rows] of Object.entries(backup.tables))
      expect([name, count(name)]).toEqual([name, rows]);
    expect(count('calls')).toBeGreaterThan(0);
    database.close();
  });

  it('was made at one moment, though the server went on', () => {
    const database = new Database(path, { readonly: true });
    const torn = [
      'select * from families where seq <> (select max(seq) from refresh_tokens where family_id = families.id)',
      `select * from calls where (state = 'pending') <> (ended_at is null)`,
      'pragma foreign_key_check',
    ];
    for (const rows of torn) expect(database.prepare(rows).all()).toEqual([]);
    database.close();
  });

  it('does not hold the master key, and names it', () => {
    const masterKey = readFileSync(join(home.dataDir, 'master.key'), 'utf8').trim();
    const key = Buffer.from(masterKey, 'base64');
    const bytes = readFileSync(path);
    for (const form of [key, masterKey, key.toString('hex')]) expect(bytes.includes(form)).toBe(false);
    const id = createHash('sha256').update(key).digest('hex').slice(0, 8);
    expect(backup.master_key_ids).toEqual([id]);
  });

  it('replaces nothing', async () => {
    const before = readFileSync(path);
    const refused = await runCommand(home, ['backup', path]);
    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `${path} exists already and is left as it is.\n`,
    });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['backup.sqlite']);
  });

  it('says when there is no folder to write it in', async () => {
    const refused = await runCommand(home, ['backup', join(folder, 'nowhere', 'backup.sqlite')]);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Name a folder that is there'),
    });
    expect(readdirSync(folder)).toEqual(['backup.sqlite']);
  });

  it('makes no store where there is none', async () => {
    const elsewhere = join(folder, 'elsewhere');
    const refused = await runCommand(elsewhere, ['backup', join(folder, 'nothing')]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no store at') });
    expect(readdirSync(folder)).toEqual(['backup.sqlite']);
  });
});

describe('restore', () => {
  const made: Home[] = [];
  /** An empty store beside the master key. */
  const emptyHome = async (store: Home['store']): Promise<Home> => {
    const empty = store === 'postgres' ? await createPostgresHome() : createSqliteHome();
    made.push(empty);
    cpSync(join(home.dataDir, 'master.key'), join(empty.dataDir, 'master.key'));
    return empty;
  };
  afterEach(async () => {
    for (const each of made.splice(0)) await each.remove();
  });

  describe.each(['sqlite', 'postgres'] as const)('into %s', (store) => {
    it('brings everything back, but nothing that may have been spent or revoked since', async () => {
      const restored = await emptyHome(store);
      // One call was under way when the backup was made, in a server that nobody knows any more.
      const unsettled = join(restored.dataDir, 'unsettled.sqlite');
      cpSync(path, unsettled);
      const database = new Database(unsettled);
      const columns = `client_id, grant_id, family_id, credential_id, provider, route, model, reserved_nano_usd`;
      database.exec(
        `insert into calls (id, user_id, instance_id, state, started_at, ${columns})
         select 'call_unsettled', user_id, 'ins_gone', 'pending', 1, ${columns} from calls limit 1`,
      );
      database.exec(`insert into sessions select 'a session', id, 1, ${2 ** 52} from users`);
      database.exec(`insert into invitations values ('a link', 'setup', null, null, 1, ${2 ** 52}, null)`);
      database.close();

      const result = await runJson<{ tables: Record<string, number>; ended: object }>(restored, [
        'restore',
        unsettled,
      ]);
      expect(result.ended).toEqual({ families: 1, sessions: 1, invitations: 1 });
      expect(result.tables).toMatchObject({
        ...{ users: 1, credentials: 1, wraps: 2, sessions: 0, invitations: 0 },
        calls: (backup.tables.calls ?? 0) + 1,
      });
      expect(await runJson(restored, ['grant', 'list'])).toMatchObject({
        grants: [{ grant_id: tokens.grant_id, status: 'active' }],
      });

      const server = await startServer(restored, env, { shortLease: true });
      try {
        const [access, refreshed] = [
          await models(server, tokens.access_token),
          await refresh(server, tokens.refresh_token),
        ];
        expect([access.status, refreshed.status]).toEqual([401, 400]);
        expect(await access.json()).toMatchObject({ error: { code: 'invalid_token' } });
        expect(await refreshed.json()).toMatchObject({ error: 'invalid_grant' });
        const again = await createGrant(restored);
        expect(again.grant_id).toBe(tokens.grant_id);
        expect((await models(server, again.access_token)).status).toBe(200);
        await vi.waitFor(
          async () =>
            expect(await restored.query(`select outcome from calls where id = 'call_unsettled'`)).toEqual([
              { outcome: 'lost' },
            ]),
          { timeout: 10_000 },
        );
      } finally {
        await server.stop();
      }
      expect(
        await restored.query(`select revoked_reason from families where revoked_at is not null`),
      ).toEqual([{ revoked_reason: 'restored' }]);
      expect(
        await restored.query(`select action from audit_events where actor = 'command_line' order by seq`),
      ).toEqual(expect.arrayContaining([{ action: 'family.revoked' }, { action: 'store.restored' }]));
    });

    it('gives the same again, from backup to backup', async () => {
      const restored = await emptyHome(store);
      await runJson(restored, ['restore', path]);
      const first = join(restored.dataDir, 'first');
      const second = join(restored.dataDir, 'second');
      const { tables } = await runJson<Backup>(restored, ['backup', first]);
      expect(tables).toEqual({
        ...backup.tables,
        audit_events: expect.any(Number),
        instances: expect.any(Number),
      });
      await runJson(restored, ['backup', second]);
      expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
    });

    it('needs an empty store', async () => {
      const used = await emptyHome(store);
      await runJson(used, ['user', 'create', '--email', 'grace@example.com']);
      const refused = await runCommand(used, ['restore', path]);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/away first/);
      expect(await used.query('select email from users')).toEqual([{ email: 'grace@example.com' }]);
    });

    it('needs the master key, and names the one that is missing', async () => {
      const other = await emptyHome(store);
      writeFileSync(join(other.dataDir, 'master.key'), Buffer.alloc(32, 7).toString('base64'), {
        mode: 0o600,
      });
      const refused = await runCommand(other, ['restore', path]);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain(`lacks the master key ${backup.master_key_ids[0]}`);
      await expectNothingBehind(other);
    });
  });

  async function expectNothingBehind(target: Home): Promise<void> {
    expect(readdirSync(target.dataDir)).toEqual(['master.key']);
    if (target.store === 'postgres') expect(await target.query('select * from audit_events')).toEqual([]);
  }
});
