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

const smtpUrl = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^smtps?:\/\/[^/]/.test(value) && new URL(value).hostname !== '',
    'must be the URL of a mail server',
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
  COATCHECK_AZURE_BASE_URL: providerUrl(
    'Azure OpenAI',
    'https://{resource}.openai.azure.com',
    'without `/openai`, with `{resource}` where the name of the resource belongs that a key is deposited for',
    'https://{resource}.openai.azure.us',
  ),
  COATCHECK_PROVIDERS_FILE: z.string().min(1).optional().meta({
    description:
      "JSON file with further providers whose API is after OpenAI's, such as model servers of your own; [operations.md](operations.md#providers-of-your-own) says what is in it.",
    example: '/etc/coatcheck/providers.json',
  }),
  COATCHECK_PRICES_FILE: z.string().min(1).optional().meta({
    description:
      'JSON file with prices that go before those built in; [budgets.md](budgets.md#prices-of-your-own) says what is in it.',
    example: '/etc/coatcheck/prices.json',
  }),
  COATCHECK_UNKNOWN_PRICES: oneOf(['ceiling', 'refuse']).default('ceiling').meta({
    description:
      'What is done about calls whose price is not known: counted at twice the highest known price of their kind, or refused.',
    example: 'refuse',
  }),
  COATCHECK_MODERATION: oneOf(['off', 'flag', 'block']).default('off').meta({
    description:
      "What is done about content that the provider's free moderation finds harmful, or that it cannot judge: nothing (`off`), it goes on record (`flag`), or the call is refused (`block`). Each app can have more; [operations.md](operations.md#moderation) says how.",
    example: 'flag',
  }),
  COATCHECK_MODERATION_SUSPEND_AFTER: wholeNumber(0, 1_000_000).default(0).meta({
    description: 'Flagged calls of one app within a day after which it is suspended; 0 for never.',
    example: '20',
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
  COATCHECK_SMTP_URL: smtpUrl.optional().meta({
    description:
      'The server that takes mail to users: what they should know of their keys, in plain text. With `smtp:` the connection turns to TLS or is given up, but for a server on loopback. Default: nothing is sent, and users are told on the pages only.',
    example: 'smtps://coatcheck:password@mail.example.com',
  }),
  COATCHECK_MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]*[^\s@]+@[^\s@]+$/, 'must be an address')
    .optional()
    .meta({
      description: 'Who the mail is from. Needed with COATCHECK_SMTP_URL.',
      example: 'Coatcheck <coatcheck@example.com>',
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
  COATCHECK_MAX_FRAME: bytes(16 * mebibyte).meta({
    description: 'Largest frame that an app may send over a WebSocket.',
    example: '16777216',
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
