import { BlockList, isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { Secret } from './lib/secret.ts';

const wholeNumber = (minimum: number, maximum: number) => {
  const error = `must be a whole number from ${minimum} to ${maximum}`;
  return z.coerce.number({ error }).int({ error }).min(minimum, { error }).max(maximum, { error });
};
const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });
const seconds = (fallback: number, maximum: number) => wholeNumber(1, maximum).default(fallback);
const bytes = (fallback: number) => wholeNumber(1024, 1024 ** 3).default(fallback);
const day = 86_400;
const mebibyte = 1024 ** 2;

const origin = z
  .string()
  .refine(
    (value) => URL.canParse(value) && new URL(value).origin === value && /^https?:/.test(value),
    'must be a scheme, a host and if need be a port, without a path or a slash at the end',
  );
/** Where a provider's API is; without a slash at the end. */
export const baseUrl = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^https?:/.test(value) && !/[?#]/.test(value),
    'must be an http or https URL without query and fragment',
  )
  .transform((value) => value.replace(/\/+$/, ''));

/** @param path what of the provider's path belongs to it */
const providerUrl = (title: string, usual: string, path: string, example = usual) =>
  baseUrl.default(usual).meta({
    description: `Where calls to ${title} go, ${path}. Trusted as written. Sandbox keys never go there.`,
    example,
  });

const databaseUrl = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^postgres(ql)?:\/\/[^/]/.test(value),
    'must be the URL of a PostgreSQL database',
  )
  .transform((value) => new Secret(value));

/**
 * Every environment variable the broker reads. `description` and `example` go into docs/configuration.md and into the
 * message that a wrong value gets. Durations are in seconds, sizes in bytes.
 */
export const environment = z.object({
  PORT: wholeNumber(0, 65_535).default(8787).meta({
    description: 'Port to listen on; 0 takes a free one.',
    example: '8787',
  }),
  HOST: z.string().min(1).default('127.0.0.1').meta({
    description: 'Address to listen on. Put a TLS front proxy before it and keep it on loopback.',
    example: '127.0.0.1',
  }),
  COATCHECK_ISSUER: origin.optional().meta({
    description:
      'The public origin: issuer of the tokens and base of every URL the broker writes; the Host header is never used. Default `http://HOST:PORT`. An https issuer means production.',
    example: 'https://coatcheck.example.com',
  }),
  COATCHECK_DATA_DIR: z.string().min(1).default('./data').meta({
    description: 'Folder for the database and the master key; made with mode 0700.',
    example: '/var/lib/coatcheck',
  }),
  COATCHECK_DATABASE_URL: databaseUrl.optional().meta({
    description:
      'A PostgreSQL database to keep everything in, which any number of processes may share; give them the same master key, made with `coatcheck keys init`. Default: SQLite in the data folder.',
    example: 'postgres://coatcheck:password@db.example.com/coatcheck',
  }),
  COATCHECK_WORKERS: wholeNumber(1, 64).default(1).meta({
    description:
      'Processes that answer. More than one share the port, watched over by one more process. They need COATCHECK_DATABASE_URL, and each up to 11 connections there; on SQLite they would only wait for each other.',
    example: '2',
  }),
  COATCHECK_MASTER_KEY_FILE: z.string().min(1).optional().meta({
    description:
      'File with the master keys, one base64 key of 32 bytes per line, newest first. Default `master.key` in the data folder; made once with mode 0600, but never in production.',
    example: '/etc/coatcheck/master.key',
  }),
  COATCHECK_MASTER_KEY: z.string().min(1).optional().meta({
    description:
      'The master keys themselves, comma-separated, newest first, instead of a file. Not beside COATCHECK_MASTER_KEY_FILE.',
    example: '(32 random bytes in base64)',
  }),
  COATCHECK_OPENAI_BASE_URL: providerUrl(
    'OpenAI',
    'https://api.openai.com/v1',
    '`/v1` included',
    'https://eu.api.openai.com/v1',
  ),
  COATCHECK_ANTHROPIC_BASE_URL: providerUrl('Anthropic', 'https://api.anthropic.com', 'without `/v1`'),
  COATCHECK_GEMINI_BASE_URL: providerUrl(
    'Gemini',
    'https://generativelanguage.googleapis.com',
    'without `/v1` and `/v1beta`',
  ),
  COATCHECK_MISTRAL_BASE_URL: providerUrl('Mistral', 'https://api.mistral.ai', 'without `/v1`'),
  COATCHECK_GROQ_BASE_URL: providerUrl('Groq', 'https://api.groq.com', 'without `/openai/v1`'),
  COATCHECK_OPENROUTER_BASE_URL: providerUrl(
    'OpenRouter',
    'https://openrouter.ai/api/v1',
    '`/api/v1` included',
  ),
  COATCHECK_DEEPSEEK_BASE_URL: providerUrl('DeepSeek', 'https://api.deepseek.com', 'without `/v1`'),
  COATCHECK_XAI_BASE_URL: providerUrl('xAI', 'https://api.x.ai/v1', '`/v1` included'),
  COATCHECK_TOGETHER_BASE_URL: providerUrl('Together', 'https://api.together.ai/v1', '`/v1` included'),
  COATCHECK_PROVIDERS_FILE: z.string().min(1).optional().meta({
    description:
      "JSON file with further providers whose API is after OpenAI's, such as model servers of your own; [operations.md](operations.md#providers-of-your-own) says what is in it.",
    example: '/etc/coatcheck/providers.json',
  }),
  COATCHECK_SANDBOX: z
    .union([z.enum(['on', 'off']), baseUrl], { error: 'must be on, off or the URL of a running sandbox' })
    .optional()
    .meta({
      description:
        'The simulated providers for sandbox keys (`sk-sandbox-…`, `sk-ant-sandbox-…` and so on): `on` starts them inside, a URL names where they run, `off` refuses such keys. Default `on`, in production `off`.',
      example: 'on',
    }),
  COATCHECK_ACCESS_TOKEN_TTL: seconds(1800, day).meta({
    description: 'Life of an access token.',
    example: '1800',
  }),
  COATCHECK_REFRESH_TOKEN_TTL: seconds(day, 90 * day).meta({
    description: 'Life of a refresh token that is not used.',
    example: '86400',
  }),
  COATCHECK_SIGNING_KEY_LIFE: wholeNumber(3600, 730 * day)
    .default(90 * day)
    .meta({
      description:
        'How long access tokens are signed with one key before the broker makes the next. Tokens signed before stay good.',
      example: '7776000',
    }),
  COATCHECK_SESSION_TTL: seconds(14 * day, 90 * day).meta({
    description: 'Life of a sign-in on the pages.',
    example: '1209600',
  }),
  COATCHECK_TRUSTED_PROXIES: z.string().optional().meta({
    description:
      'Addresses or CIDR ranges of front proxies, comma-separated. Only from them is X-Forwarded-For believed, and only for rate limits.',
    example: '127.0.0.1,10.0.0.0/8',
  }),
  COATCHECK_DRAIN_TIMEOUT: seconds(30, 3600).meta({
    description: 'How long streams may go on after a stop signal.',
    example: '30',
  }),
  COATCHECK_MAX_JSON_BODY: bytes(20 * mebibyte).meta({
    description: 'Largest JSON body of a call.',
    example: '20971520',
  }),
  COATCHECK_MAX_UPLOAD: bytes(26 * mebibyte).meta({
    description: 'Largest multipart body of a call.',
    example: '27262976',
  }),
  COATCHECK_MAX_BUFFERED: bytes(512 * mebibyte).meta({
    description:
      'Bytes of request bodies held at once by all calls of one process together; beyond it calls get 503.',
    example: '536870912',
  }),
  COATCHECK_UPSTREAM_CONNECT_TIMEOUT: seconds(10, 600).meta({
    description: 'How long connecting to a provider may take.',
    example: '10',
  }),
  COATCHECK_UPSTREAM_HEADERS_TIMEOUT: seconds(600, 3600).meta({
    description: 'How long a provider may take until its answer begins.',
    example: '600',
  }),
  COATCHECK_STREAM_IDLE_TIMEOUT: seconds(300, 3600).meta({
    description: 'How long a stream may stay silent, in either direction.',
    example: '300',
  }),
  COATCHECK_LOG_LEVEL: oneOf(['debug', 'info', 'warn', 'error', 'silent']).default('info').meta({
    description: 'Least severity that is logged.',
    example: 'info',
  }),
});

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
  readonly sandbox: 'on' | 'off' | { readonly url: string };
  readonly accessTokenTtl: number;
  readonly refreshTokenTtl: number;
  readonly signingKeyLife: number;
  readonly sessionTtl: number;
  /** Whether X-Forwarded-For from this peer address may be believed. */
  readonly isTrustedProxy: (address: string) => boolean;
  readonly drainTimeout: number;
  readonly maxJsonBody: number;
  readonly maxUpload: number;
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
    providerBaseUrls: {
      openai: vars.COATCHECK_OPENAI_BASE_URL,
      anthropic: vars.COATCHECK_ANTHROPIC_BASE_URL,
      gemini: vars.COATCHECK_GEMINI_BASE_URL,
      mistral: vars.COATCHECK_MISTRAL_BASE_URL,
      groq: vars.COATCHECK_GROQ_BASE_URL,
      openrouter: vars.COATCHECK_OPENROUTER_BASE_URL,
      deepseek: vars.COATCHECK_DEEPSEEK_BASE_URL,
      xai: vars.COATCHECK_XAI_BASE_URL,
      together: vars.COATCHECK_TOGETHER_BASE_URL,
    },
    providersFile: vars.COATCHECK_PROVIDERS_FILE ? resolve(vars.COATCHECK_PROVIDERS_FILE) : null,
    sandbox: sandboxSetting(vars.COATCHECK_SANDBOX ?? (production ? 'off' : 'on')),
    accessTokenTtl: vars.COATCHECK_ACCESS_TOKEN_TTL,
    refreshTokenTtl: vars.COATCHECK_REFRESH_TOKEN_TTL,
    signingKeyLife: vars.COATCHECK_SIGNING_KEY_LIFE,
    sessionTtl: vars.COATCHECK_SESSION_TTL,
    isTrustedProxy: trustedProxies(vars.COATCHECK_TRUSTED_PROXIES ?? ''),
    drainTimeout: vars.COATCHECK_DRAIN_TIMEOUT,
    maxJsonBody: vars.COATCHECK_MAX_JSON_BODY,
    maxUpload: vars.COATCHECK_MAX_UPLOAD,
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

function sandboxSetting(value: string): Config['sandbox'] {
  return value === 'on' || value === 'off' ? value : { url: value };
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
