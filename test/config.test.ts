import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { providers } from '../src/catalog/catalog.ts';
import { readConfig } from '../src/config.ts';
import { environment } from '../src/environment.ts';

const complaintAbout = (env: Record<string, string>): string => {
  try {
    readConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('configuration', () => {
  it('needs nothing set', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8787,
      issuer: 'http://127.0.0.1:8787',
      production: false,
      accessTokenTtl: 1800,
      refreshTokenTtl: 86400,
      sandbox: 'on',
      unknownVariables: [],
    });
  });

  it('sends mail where it is told how, through TLS but on this machine', () => {
    const url = 'smtp://coatcheck:canary-password@mail.example.com:587';
    const env = { COATCHECK_SMTP_URL: url, COATCHECK_MAIL_FROM: 'Coatcheck <coatcheck@example.com>' };
    expect(readConfig({}).mail).toBeNull();
    expect(readConfig(env).mail).toMatchObject({ from: env.COATCHECK_MAIL_FROM, requireTls: true });
    expect(inspect(readConfig(env))).not.toContain('canary');
    const local = { ...env, COATCHECK_SMTP_URL: 'smtp://localhost:2525' };
    expect(readConfig(local).mail).toMatchObject({ requireTls: false });
    expect(complaintAbout({ COATCHECK_SMTP_URL: url })).toMatch(/go together/);
    expect(complaintAbout({ COATCHECK_MAIL_FROM: 'ada@example.com' })).toMatch(/go together/);
    for (const wrong of ['http://mail.example.com', 'smtp:', 'smtp:///x', 'mail.example.com:25']) {
      expect(complaintAbout({ ...env, COATCHECK_SMTP_URL: wrong })).toMatch(/the URL of a mail server/);
    }
    for (const wrong of ['coatcheck', 'a@b\nBcc: ada@example.com']) {
      expect(complaintAbout({ ...env, COATCHECK_MAIL_FROM: wrong })).toMatch(/must be an address/);
    }
  });

  it('knows where the calls of each provider go', () => {
    const { providerBaseUrls } = readConfig({});
    expect(Object.keys(providerBaseUrls).toSorted()).toEqual(providers.map(({ name }) => name).toSorted());
    expect(providerBaseUrls).toMatchObject({
      openai: 'https://api.openai.com/v1',
      anthropic: 'https://api.anthropic.com',
      gemini: 'https://generativelanguage.googleapis.com',
    });
    const elsewhere = readConfig({ COATCHECK_ANTHROPIC_BASE_URL: 'https://eu.example/claude/' });
    expect(elsewhere.providerBaseUrls.anthropic).toBe('https://eu.example/claude');
  });

  it('takes an empty variable as not set', () => {
    expect(readConfig({ PORT: '', COATCHECK_ISSUER: '' }).port).toBe(8787);
  });

  it.each(Object.keys(environment.shape).filter((name) => environment.shape[name as 'PORT'].meta()?.example))(
    '%s is documented with an example',
    (name) => {
      expect(environment.shape[name as 'PORT'].meta()?.description).toMatch(/\.$/);
    },
  );

  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['COATCHECK_ISSUER', 'coatcheck.example.com'],
    ['COATCHECK_ISSUER', 'https://coatcheck.example.com/'],
    ['COATCHECK_ISSUER', 'https://coatcheck.example.com/path'],
    ['COATCHECK_ISSUER', 'ftp://coatcheck.example.com'],
    ['COATCHECK_ACCESS_TOKEN_TTL', '0'],
    ['COATCHECK_SIGNING_KEY_LIFE', '3599'],
    ['COATCHECK_ACCESS_TOKEN_TTL', '30m'],
    ['COATCHECK_REFRESH_TOKEN_TTL', '-1'],
    ['COATCHECK_OPENAI_BASE_URL', 'api.openai.com'],
    ['COATCHECK_OPENAI_BASE_URL', 'https://api.openai.com/v1?key=1'],
    ['COATCHECK_SANDBOX', 'yes'],
    ['COATCHECK_TRUSTED_PROXIES', '10.0.0.0/64'],
    ['COATCHECK_TRUSTED_PROXIES', 'proxy.internal'],
    ['COATCHECK_MAX_JSON_BODY', '12'],
    ['COATCHECK_LOG_LEVEL', 'loud'],
    ['COATCHECK_DATABASE_URL', 'mysql://localhost/coatcheck'],
    ['COATCHECK_DATABASE_URL', 'localhost/coatcheck'],
  ])('%s=%s is refused by name, with an example', (name, value) => {
    const complaint = complaintAbout({ [name]: value });
    expect(complaint).toContain(name);
    expect(complaint).toContain('Example:');
  });

  it('names every wrong variable at once', () => {
    expect(complaintAbout({ PORT: 'x', COATCHECK_LOG_LEVEL: 'y' }).split('\n')).toHaveLength(2);
  });

  it('159 beyond loopback the issuer is https', () => {
    for (const issuer of [
      'http://coatcheck.example.com',
      'http://127.0.0.1.example.com',
      'http://10.0.0.1',
    ]) {
      expect(complaintAbout({ COATCHECK_ISSUER: issuer })).toContain('it must be https');
    }
    expect(complaintAbout({ HOST: '0.0.0.0' })).toContain('COATCHECK_ISSUER');
    expect(
      readConfig({ HOST: '0.0.0.0', COATCHECK_ISSUER: 'https://coatcheck.example.com' }).production,
    ).toBe(true);
  });

  it('turns the sandbox off in production unless it is asked for', () => {
    const production = { COATCHECK_ISSUER: 'https://coatcheck.example.com' };
    expect(readConfig(production).sandbox).toBe('off');
    expect(readConfig({ ...production, COATCHECK_SANDBOX: 'on' }).sandbox).toBe('on');
  });

  it('refuses two sources of master keys', () => {
    const both = { COATCHECK_MASTER_KEY: 'a', COATCHECK_MASTER_KEY_FILE: 'b' };
    expect(complaintAbout(both)).toMatch(/COATCHECK_MASTER_KEY and COATCHECK_MASTER_KEY_FILE/);
  });

  it('names variables that look like settings and are none', () => {
    expect(readConfig({ COATCHECK_ISUER: 'x' }).unknownVariables).toEqual(['COATCHECK_ISUER']);
  });

  it('believes only the proxies it was told to trust', () => {
    const { isTrustedProxy } = readConfig({ COATCHECK_TRUSTED_PROXIES: '10.0.0.0/8, ::1' });
    expect(['10.1.2.3', '::1', '11.0.0.1', '127.0.0.1'].map(isTrustedProxy)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('never prints the master key or the password of the database', () => {
    const config = readConfig({
      COATCHECK_MASTER_KEY: 'c2VjcmV0',
      COATCHECK_DATABASE_URL: 'postgres://coatcheck:s3cret@localhost/coatcheck',
    });
    expect(inspect(config) + JSON.stringify(config)).not.toMatch(/c2VjcmV0|s3cret/);
    expect(complaintAbout({ COATCHECK_DATABASE_URL: 'mysql://coatcheck:s3cret@localhost' })).not.toContain(
      's3cret',
    );
  });
});
