import { BlockList, isIP } from 'node:net';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { environment } from './environment.ts';
import { Secret } from './lib/secret.ts';

/** A validated, frozen configuration. Durations are in seconds, sizes in bytes. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly issuer: string;
  /** An https issuer: no key made on the spot, no sandbox unless asked for, secure cookies. */
  readonly production: boolean;
  readonly dataDir: string;
  /** Processes that answer; when it is one, it is this one. */
  readonly workers: number;
  /** Of PostgreSQL, and it may hold a password; null keeps everything in SQLite in the data folder. */
  readonly databaseUrl: Secret | null;
  readonly masterKey: { readonly file: string } | { readonly keys: Secret };
  /** Base URL per provider name, without a slash at the end. */
  readonly providerBaseUrls: Readonly<Record<string, string>>;
  /** File that lists the operator's own providers. */
  readonly providersFile: string | null;
  /** File with prices that go before those built in. */
  readonly pricesFile: string | null;
  /** What is done about calls whose price is not known. */
  readonly unknownPrices: 'ceiling' | 'refuse';
  /** What is done about harmful content in the calls of every app, at least. */
  readonly moderation: z.infer<typeof environment>['COATCHECK_MODERATION'];
  /** Flagged calls of an app within a day that suspend it; 0: none do. */
  readonly suspendAfterFlags: number;
  readonly sandbox: 'on' | 'off' | { readonly url: string };
  readonly accessTokenTtl: number;
  readonly refreshTokenTtl: number;
  readonly signingKeyLife: number;
  readonly sessionTtl: number;
  /** How users are sent mail; null when they are not. */
  readonly mail: { readonly url: Secret; readonly from: string; readonly requireTls: boolean } | null;
  /** Whether X-Forwarded-For from this peer address may be believed. */
  readonly isTrustedProxy: (address: string) => boolean;
  readonly drainTimeout: number;
  readonly maxJsonBody: number;
  readonly maxUpload: number;
  readonly maxFrame: number;
  readonly maxBuffered: number;
  readonly upstreamConnectTimeout: number;
  readonly upstreamHeadersTimeout: number;
  readonly streamIdleTimeout: number;
  readonly logLevel: z.infer<typeof environment>['COATCHECK_LOG_LEVEL'];
  /** COATCHECK_… names that were set and mean nothing, for a warning at start. */
  readonly unknownVariables: readonly string[];
}

/** The environment holds a value the broker cannot start with. The message names each one and shows an example. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads the configuration.
 * @param env the environment, usually `process.env`; an empty value counts as not set
 * @throws ConfigError naming every wrong variable, what is wrong with it and an example that would do
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environment.safeParse(set);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => complaint(issue)).join('\n'));
  }
  const vars = parsed.data;
  if (vars.COATCHECK_MASTER_KEY && vars.COATCHECK_MASTER_KEY_FILE) {
    throw new ConfigError(
      'COATCHECK_MASTER_KEY and COATCHECK_MASTER_KEY_FILE are both set; keep one of them.',
    );
  }
  if (vars.COATCHECK_WORKERS > 1 && !vars.COATCHECK_DATABASE_URL) {
    throw new ConfigError(
      `COATCHECK_WORKERS is ${vars.COATCHECK_WORKERS}, but on SQLite, which takes one writer at a time, several workers answer less than one: set COATCHECK_DATABASE_URL to a PostgreSQL database, or leave COATCHECK_WORKERS at 1.`,
    );
  }
  const issuer = vars.COATCHECK_ISSUER ?? `http://${urlHost(vars.HOST)}:${vars.PORT}`;
  const production = issuer.startsWith('https:');
  if (!production && !isLoopback(new URL(issuer).hostname)) {
    throw new ConfigError(
      `COATCHECK_ISSUER is ${issuer}: outside loopback it must be https, or tokens and passwords travel in the clear. Example: https://coatcheck.example.com`,
    );
  }
  const dataDir = resolve(vars.COATCHECK_DATA_DIR);
  return Object.freeze({
    host: vars.HOST,
    port: vars.PORT,
    issuer,
    production,
    dataDir,
    workers: vars.COATCHECK_WORKERS,
    databaseUrl: vars.COATCHECK_DATABASE_URL ?? null,
    masterKey: vars.COATCHECK_MASTER_KEY
      ? { keys: new Secret(vars.COATCHECK_MASTER_KEY) }
      : { file: resolve(vars.COATCHECK_MASTER_KEY_FILE ?? `${dataDir}/master.key`) },
    providerBaseUrls: providerBaseUrls(vars),
    providersFile: vars.COATCHECK_PROVIDERS_FILE ? resolve(vars.COATCHECK_PROVIDERS_FILE) : null,
    pricesFile: vars.COATCHECK_PRICES_FILE ? resolve(vars.COATCHECK_PRICES_FILE) : null,
    unknownPrices: vars.COATCHECK_UNKNOWN_PRICES,
    moderation: vars.COATCHECK_MODERATION,
    suspendAfterFlags: vars.COATCHECK_MODERATION_SUSPEND_AFTER,
    sandbox: sandboxSetting(vars.COATCHECK_SANDBOX ?? (production ? 'off' : 'on')),
    accessTokenTtl: vars.COATCHECK_ACCESS_TOKEN_TTL,
    refreshTokenTtl: vars.COATCHECK_REFRESH_TOKEN_TTL,
    signingKeyLife: vars.COATCHECK_SIGNING_KEY_LIFE,
    sessionTtl: vars.COATCHECK_SESSION_TTL,
    mail: mailSettings(vars),
    isTrustedProxy: trustedProxies(vars.COATCHECK_TRUSTED_PROXIES ?? ''),
    drainTimeout: vars.COATCHECK_DRAIN_TIMEOUT,
    maxJsonBody: vars.COATCHECK_MAX_JSON_BODY,
    maxUpload: vars.COATCHECK_MAX_UPLOAD,
    maxFrame: vars.COATCHECK_MAX_FRAME,
    maxBuffered: vars.COATCHECK_MAX_BUFFERED,
    upstreamConnectTimeout: vars.COATCHECK_UPSTREAM_CONNECT_TIMEOUT,
    upstreamHeadersTimeout: vars.COATCHECK_UPSTREAM_HEADERS_TIMEOUT,
    streamIdleTimeout: vars.COATCHECK_STREAM_IDLE_TIMEOUT,
    logLevel: vars.COATCHECK_LOG_LEVEL,
    unknownVariables: Object.keys(set).filter(
      (name) => name.startsWith('COATCHECK_') && !(name in environment.shape),
    ),
  });
}

/** Where everything is kept when it is not in PostgreSQL. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, 'coatcheck.db');
}

/** Where a server notes its issuer, so that commands beside it mint tokens that it takes. */
export function issuerFile(dataDir: string): string {
  return join(dataDir, 'issuer');
}

function complaint(issue: z.core.$ZodIssue): string {
  const name = String(issue.path[0]);
  const field = environment.shape[name as keyof typeof environment.shape];
  return `${name} ${issue.message}. Example: ${name}=${field.meta()?.example}`;
}

/** `COATCHECK_OPENAI_BASE_URL` is that of `openai`, and so on. */
function providerBaseUrls(vars: Readonly<Record<string, unknown>>): Config['providerBaseUrls'] {
  const named = Object.entries(vars).flatMap(([variable, value]) => {
    const [, name] = /^COATCHECK_(\w+)_BASE_URL$/.exec(variable) ?? [];
    return name === undefined ? [] : [[name.toLowerCase(), String(value)] as const];
  });
  return Object.fromEntries(named);
}

function sandboxSetting(value: string): Config['sandbox'] {
  return value === 'on' || value === 'off' ? value : { url: value };
}

function mailSettings({
  COATCHECK_SMTP_URL: url,
  COATCHECK_MAIL_FROM: from,
}: z.infer<typeof environment>): Config['mail'] {
  if (url && from) return { url, from, requireTls: !isLoopback(new URL(url.unwrap()).hostname) };
  if (!url && !from) return null;
  throw new ConfigError(
    'COATCHECK_SMTP_URL and COATCHECK_MAIL_FROM go together: set both, or neither. Example: COATCHECK_MAIL_FROM="Coatcheck <coatcheck@example.com>"',
  );
}

function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** Whether a URL's hostname stays on this machine: plain http is safe only there (RFC 8252 §8.3). */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function trustedProxies(list: string): Config['isTrustedProxy'] {
  const blocks = new BlockList();
  for (const entry of list.split(',').map((part) => part.trim())) {
    if (!entry) continue;
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address);
    const width = family === 6 ? 128 : 32;
    const length = prefix === undefined ? width : Number(prefix);
    if (!family || !Number.isInteger(length) || length < 0 || length > width) {
      throw new ConfigError(
        `COATCHECK_TRUSTED_PROXIES has ${JSON.stringify(entry)}, which is no address or CIDR range. Example: COATCHECK_TRUSTED_PROXIES=127.0.0.1,10.0.0.0/8`,
      );
    }
    blocks.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => blocks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
