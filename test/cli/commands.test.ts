import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, runJson } from '../support/command_line.ts';
import { createHome, type Home } from '../support/home.ts';
import { startMailServer } from '../support/mail_server.ts';
import { spawnCommand, startServer } from '../support/process.ts';

let home: Home;
beforeAll(async () => {
  home = await createHome();
});
afterAll(() => home.remove());

const email = 'ada@example.com';
const redirect = ['--redirect-uri', 'https://app.example.com/callback'];

interface GrantJson {
  readonly grant_id: string;
  readonly access_token: string;
}

/** Connects a new app to the first test's account and its key. */
async function connectApp(name: string): Promise<GrantJson & { client_id: string }> {
  const { client_id } = await runJson<{ client_id: string }>(home, [
    ...['app', 'create', '--owner', email, '--name', name],
    ...redirect,
  ]);
  const grant = await runJson<GrantJson>(home, [
    ...['grant', 'create', '--user', email, '--client', client_id],
    ...['--scope', 'openai:text openai:models.read'],
  ]);
  return { ...grant, client_id };
}

describe('command line', () => {
  it('walks from an account to a grant, each step one JSON document', async () => {
    expect(
      await runJson(home, ['user', 'create', '--email', ` ${email.toUpperCase()}`, '--operator'], {
        input: 'correct horse battery\n',
      }),
    ).toEqual({ user_id: expect.stringMatching(/^usr_/), email });
    expect(
      await runJson(home, ['key', 'deposit', '--user', email, '--provider', 'openai'], {
        input: '  sk-sandbox-first-4321 \r\nsecond line',
      }),
    ).toEqual({
      key_id: expect.stringMatching(/^key_/),
      provider: 'openai',
      fingerprint: expect.stringMatching(/^.{16}$/),
      last4: '4321',
      verified: true,
    });
    const app = await runJson<{ client_id: string; client_secret: string }>(home, [
      ...['app', 'create', '--owner', email, '--name', 'Notes'],
      ...[...redirect, '--redirect-uri', 'http://127.0.0.1/callback'],
    ]);
    expect(app).toEqual({
      client_id: expect.stringMatching(/^cli_/),
      client_secret: expect.stringMatching(/^cccs_/),
    });
    const grant = await runJson(home, [
      ...['grant', 'create', '--user', email, '--client', app.client_id],
      ...['--scope', 'openai:text'],
    ]);
    expect(grant).toEqual({
      grant_id: expect.stringMatching(/^grt_/),
      access_token: expect.stringMatching(/^ey.+\..+\..+$/),
      refresh_token: expect.stringMatching(/^ccrt_/),
      expires_in: 1800,
      scope: 'openai:text',
    });
    expect(await runJson(home, ['grant', 'list'])).toEqual({
      grants: [
        {
          grant_id: (grant as GrantJson).grant_id,
          user_id: expect.stringMatching(/^usr_/),
          client_id: app.client_id,
          scope: 'openai:text',
          status: 'active',
        },
      ],
    });
    expect(await runJson(home, ['calls', 'list'])).toEqual({ calls: [], next_cursor: null });
  });

  it('lists the apps and the keys of a user, whose ids other commands take', async () => {
    const { client_id } = await connectApp('Listed');
    expect(await runJson(home, ['app', 'list'])).toEqual({
      apps: expect.arrayContaining([
        { client_id, name: 'Listed', owner: email, status: 'active', verified: false, users: 0 },
      ]),
    });
    const keyId = expect.stringMatching(/^key_/);
    expect(await runJson(home, ['key', 'list', '--user', email])).toEqual({
      keys: [
        { key_id: keyId, provider: 'openai', name: 'OpenAI sandbox', last4: '4321', status: 'verified' },
      ],
    });
    const { stdout } = await runCommand(home, ['key', 'list', '--user', email]);
    expect(stdout).toMatch(/^key_\S+ {2}verified {2}openai {2}ending 4321\n$/);
  });

  it('limits a grant, and shows how', async () => {
    const { client_id } = await connectApp('Limited');
    const create = ['grant', 'create', '--user', email, '--client', client_id, '--scope', 'openai:text'];
    const limits = ['--models', 'gpt-5*, o3', '--rpm', '60', '--max-output-tokens', '500'];
    const grant = await runJson<GrantJson>(home, [...create, ...limits, '--budget', '5.00/month']);
    const authorization_details = [
      {
        type: 'provider_access',
        provider: 'openai',
        models: ['gpt-5*', 'o3'],
        budgets: [{ limit_usd: '5.00', period: 'month' }],
        rate: { requests_per_minute: 60 },
        max_output_tokens: 500,
      },
    ];
    expect(grant).toMatchObject({ authorization_details });
    expect(await runJson(home, ['grant', 'list'])).toMatchObject({
      grants: expect.arrayContaining([
        expect.objectContaining({ grant_id: grant.grant_id, authorization_details }),
      ]),
    });
  });

  it('registers public apps without a secret', async () => {
    for (const type of ['spa', 'native']) {
      const app = await runJson(home, [
        ...['app', 'create', '--owner', email, '--name', 'Public', '--type', type],
        ...redirect,
      ]);
      expect(app).toEqual({ client_id: expect.stringMatching(/^cli_/) });
    }
  });

  it('registers an app with keys without a secret, and refuses a private key', async () => {
    const file = join(home.dataDir, 'jwks.json');
    const create = ['app', 'create', '--owner', email, '--name', 'Keyed', ...redirect, '--jwks', file];
    const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    writeFileSync(file, JSON.stringify({ keys: [key] }), { mode: 0o600 });
    expect(await runJson(home, create)).toEqual({ client_id: expect.stringMatching(/^cli_/) });
    for (const text of [JSON.stringify({ keys: [{ ...key, d: 'secret' }] }), '']) {
      writeFileSync(file, text);
      const { code, stderr } = await runCommand(home, create);
      expect(code).toBe(1);
      expect(stderr).toMatch(/private or secret key|JWK Set/);
    }
  });

  it('generates a password when none is given', async () => {
    const made = await runJson(home, ['user', 'create', '--email', 'generated@example.com']);
    expect(made).toMatchObject({ password: expect.stringMatching(/^.{20}$/) });
  });

  it('keeps the data folder, the database and the master key to their owner', () => {
    expect(statSync(home.dataDir).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(home.dataDir)) {
      expect([name, statSync(join(home.dataDir, name)).mode & 0o077]).toEqual([name, 0]);
    }
  });

  const limitedBy = [
    ...['grant', 'create', '--user', email, '--client', 'cli_none'],
    ...['--scope', 'openai:text'],
  ];
  const unusable = [
    [1, '--models: must be the name of a model', [...limitedBy, '--models', 'gpt-*-mini'], ''],
    [1, '--rpm: must be a whole number from 1 to 60000.', [...limitedBy, '--rpm', 'many'], ''],
    [1, '--concurrent: must be a whole number from 1 to 10000.', [...limitedBy, '--concurrent', '0'], ''],
    [1, '--max-output-tokens: must be a whole number', [...limitedBy, '--max-output-tokens', '1.5'], ''],
    [1, '--budget: ', [...limitedBy, '--budget', '5.00'], ''],
    [1, 'an account for ada@example.com already', ['user', 'create', '--email', email], ''],
    [1, 'no email address', ['user', 'create', '--email', 'ada'], ''],
    [1, 'at least 10 characters', ['user', 'create', '--email', 'short@example.com'], 'short\n'],
    [
      1,
      'no user nobody@example.com',
      ['key', 'deposit', '--user', 'nobody@example.com', '--provider', 'openai'],
      'sk-x\n',
    ],
    [1, 'no provider called nobody', ['key', 'deposit', '--user', email, '--provider', 'nobody'], 'sk-x\n'],
    [1, 'admin key', ['key', 'deposit', '--user', email, '--provider', 'openai'], 'sk-admin-123456789\n'],
    [
      1,
      'does not accept this key',
      ['key', 'deposit', '--user', email, '--provider', 'openai'],
      'sk-sandbox-invalid-1\n',
    ],
    [
      1,
      'Name the resource',
      ['key', 'deposit', '--user', email, '--provider', 'azure'],
      `${'a1'.repeat(16)}\n`,
    ],
    [
      1,
      'not the name of a resource',
      ['key', 'deposit', '--user', email, '--provider', 'azure', '--resource', 'evil.example/'],
      `${'a1'.repeat(16)}\n`,
    ],
    [1, 'first line of standard input', ['key', 'deposit', '--user', email, '--provider', 'openai'], ''],
    [
      1,
      'must use https',
      ['app', 'create', '--owner', email, '--name', 'X', '--redirect-uri', 'http://example.com/'],
      '',
    ],
    [
      1,
      'no scope openai:everything',
      ['app', 'create', '--owner', email, '--name', 'X', ...redirect, '--scope', 'openai:everything'],
      '',
    ],
    [
      1,
      'no app cli_none',
      ['grant', 'create', '--user', email, '--client', 'cli_none', '--scope', 'openai:text'],
      '',
    ],
    [
      1,
      'no scope openai:nothing',
      ['grant', 'create', '--user', email, '--client', 'cli_none', '--scope', 'openai:nothing'],
      '',
    ],
    [1, 'no grant grt_none', ['grant', 'revoke', 'grt_none'], ''],
    [1, '--limit takes', ['calls', 'list', '--limit', '0'], ''],
    [1, 'exists already', ['keys', 'init'], ''],
    [1, '--withdraw goes with --signing', ['keys', 'rotate', '--withdraw'], ''],
    [2, 'required option', ['user', 'create'], ''],
    [2, 'unknown option', ['user', 'create', '--email', 'x@example.com', '--admin'], ''],
    [2, 'unknown command', ['users'], ''],
    [
      2,
      'Allowed choices',
      ['app', 'create', '--owner', email, '--name', 'X', ...redirect, '--type', 'desktop'],
      '',
    ],
    [2, 'missing required argument', ['grant', 'revoke'], ''],
  ] as const;
  it.each(unusable)('ends with %i and says “%s” to %j', async (code, message, args, input) => {
    const result = await runCommand(home, args, { input });
    expect(result.stderr.toLowerCase()).toContain(message.toLowerCase());
    expect(result).toMatchObject({ code, stdout: '' });
  });

  it('names a wrong setting and does nothing', async () => {
    const result = await runCommand(home, ['grant', 'list'], { env: { PORT: 'x' } });
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('PORT must be a whole number from 0 to 65535. Example: PORT=8787');
  });

  it('starts nothing in production without a master key, and names the way out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coatcheck-cli-'));
    const env = { COATCHECK_ISSUER: 'https://coatcheck.example.com' };
    const refused = await spawnCommand(folder, ['serve'], { env: { ...env, PORT: '0' } });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('coatcheck keys init');
    expect((await runCommand(folder, ['keys', 'init'], { env })).code).toBe(0);
    expect((await runCommand(folder, ['grant', 'list'], { env })).code).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it('does not hide a lost master key behind a new one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coatcheck-cli-'));
    await runCommand(folder, ['grant', 'list']);
    rmSync(join(folder, 'master.key'));
    const refused = await runCommand(folder, ['grant', 'list']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('restore yours');
    rmSync(folder, { recursive: true });
  });

  it('deposits a key for some days only', async () => {
    const deposit = [...['key', 'deposit', '--user', email, '--provider', 'anthropic'], ...['--for', '30d']];
    const input = 'sk-ant-sandbox-for-a-while\n';
    const { expires_at } = await runJson<{ expires_at: string }>(home, deposit, { input });
    expect(Date.parse(expires_at) / 86_400_000).toBeCloseTo(Date.now() / 86_400_000 + 30, 1);
    const refused = await runCommand(home, [...deposit.slice(0, -1), 'session'], { input });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('1d, 7d, 30d, 90d') });
  });

  it('finds nothing to mend in a healthy installation', async () => {
    expect(await runJson(home, ['doctor'])).toMatchObject({ ok: true });
    expect(await runCommand(home, ['doctor'], { env: { COATCHECK_ISUER: 'x' } })).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('FAIL settings: COATCHECK_ISUER'),
    });
  });

  it('finds out whether mail can be sent, without telling the password', async () => {
    const server = await startMailServer({ password: 'good' });
    const doctor = (url: string) => {
      const env = { COATCHECK_SMTP_URL: url, COATCHECK_MAIL_FROM: 'coatcheck@example.com' };
      return runCommand(home, ['doctor'], { env });
    };
    const good = await doctor(server.url);
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('ok   mail: 127.0.0.1:') });
    const wrong = await doctor(server.url.replace(':good@', ':canary-password@'));
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('FAIL mail: 127.0.0.1:') });
    expect(good.stdout + wrong.stdout + wrong.stderr).not.toMatch(/good|canary/);
    expect(server.letters).toEqual([]);
    await server.close();
  });
});

describe('command line beside a running server', () => {
  const models = (url: string, token: string) =>
    fetch(`${url}/openai/v1/models`, { headers: { authorization: `Bearer ${token}` } });

  it('a grant revoked there is refused by the server on the very next call', async () => {
    const server = await startServer(home);
    try {
      const { access_token, grant_id } = await connectApp('Revoked');
      expect((await models(server.url, access_token)).status).toBe(200);
      const first = await runJson<{ grant_id: string; revoked_at: string }>(home, [
        'grant',
        'revoke',
        grant_id,
      ]);
      expect(first).toEqual({ grant_id, revoked_at: expect.stringMatching(/Z$/) });
      const refused = await models(server.url, access_token);
      expect(refused.status).toBe(401);
      expect(await refused.json()).toMatchObject({ error: { code: 'grant_revoked', source: 'coatcheck' } });
      expect(await runJson(home, ['grant', 'revoke', grant_id])).toEqual(first);
    } finally {
      expect(await server.stop()).toBe(0);
    }
  });

  it('master and signing keys rotate while the server goes on', async () => {
    const server = await startServer(home);
    try {
      const { access_token } = await connectApp('Before the rotation');
      expect((await models(server.url, access_token)).status).toBe(200);
      const rotated = await runJson<{ master_key_id: string; wraps: number }>(home, ['keys', 'rotate']);
      expect(rotated.wraps).toBeGreaterThan(1);
      expect(readFileSync(join(home.dataDir, 'master.key'), 'utf8').trim().split('\n')).toHaveLength(2);
      const { access_token: second } = await connectApp('After the rotation');
      expect((await models(server.url, second)).status).toBe(200);

      await runJson(home, ['keys', 'rotate', '--signing']);
      expect((await models(server.url, access_token)).status).toBe(200);
      await runJson(home, ['keys', 'rotate', '--signing', '--withdraw']);
      expect((await models(server.url, access_token)).status).toBe(401);
    } finally {
      await server.stop();
    }
  });

  it('the set-up link goes to a file of its own, not to the log', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coatcheck-cli-'));
    const server = await startServer(folder);
    const file = join(folder, 'setup-link');
    const link = readFileSync(file, 'utf8').trim();
    await server.stop();
    expect(link).toContain(`${server.url}/`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(server.output()).not.toContain(link.slice(-20));
    rmSync(folder, { recursive: true });
  });

  it('calls are listed page by page and exported as NDJSON', async () => {
    const server = await startServer(home);
    try {
      const { access_token, grant_id, client_id } = await connectApp('Calling');
      for (let n = 0; n < 3; n += 1) await models(server.url, access_token);
      await server.stop();
      const only = ['calls', 'list', '--grant', grant_id];
      const first = await runJson<{ calls: { call_id: string }[]; next_cursor: string }>(home, [
        ...only,
        '--limit',
        '2',
      ]);
      expect(first.calls[0]).toEqual({
        call_id: expect.stringMatching(/^call_/),
        grant_id,
        client_id,
        provider: 'openai',
        payer: 'user',
        model: null,
        route: 'GET /models',
        status: 200,
        outcome: 'answered',
        cost_nano_usd: 0,
        counted_nano_usd: 0,
        flags: [],
        started_at: expect.stringMatching(/Z$/),
      });
      const rest = await runJson<typeof first>(home, [...only, '--cursor', first.next_cursor]);
      expect([first.calls.length, rest.calls.length, rest.next_cursor]).toEqual([2, 1, null]);
      const { stdout } = await runCommand(home, ['calls', 'export']);
      const exported = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { call_id: string });
      for (const call of [...first.calls, ...rest.calls]) expect(exported).toContainEqual(call);
    } finally {
      await server.stop();
    }
  });

  it('the sandbox runs alone and reports what it receives', async () => {
    const child = spawn(process.execPath, ['dist/bin.js', 'sandbox', '--port', '0']);
    const lines: string[] = [];
    const report = new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', async (text: string) => {
        const isFirst = lines.length === 0;
        lines.push(...text.trim().split('\n'));
        const url = /http\S+/.exec(lines[0] ?? '')?.[0];
        if (isFirst) {
          await fetch(`${url}/models`, { headers: { authorization: 'Bearer sk-sandbox-reported' } });
        } else resolve();
      });
    });
    await report;
    child.kill();
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ method: 'GET', path: '/v1/models', status: 200 });
    expect(lines.join()).not.toContain('sk-sandbox-reported');
  });
});
