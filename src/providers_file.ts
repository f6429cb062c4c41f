import { z } from 'zod';
import { isBuiltIn } from './catalog/catalog.ts';
import type { Provider } from './catalog/provider.ts';
import { capabilities, configuredProvider, keyHeaders } from './catalog/providers/configured.ts';
import { baseUrl } from './environment.ts';
import { readOperatorFile } from './operator_file.ts';

const pattern = z.string().transform((value, context) => {
  try {
    return new RegExp(value);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a regular expression' });
    return z.NEVER;
  }
});

const usdPerMillion = z.number().min(0).max(1_000_000);

const provider = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,31}$/, 'must be 2 to 32 small letters, digits and hyphens, a letter first')
    .refine((name) => !isBuiltIn(name), 'is the name of a provider that is built in'),
  title: z.string().min(1).max(60),
  baseUrl,
  scopes: z.array(z.enum(capabilities)).min(1).default(['models.read', 'text']),
  models: pattern.optional(),
  keyHeader: z.enum(keyHeaders).default('authorization'),
  prices: z.record(z.string(), z.strictObject({ input: usdPerMillion, output: usdPerMillion })).default({}),
  keysPage: baseUrl.optional(),
});

const file = z.strictObject({
  providers: z
    .array(provider)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'has two of the same name'),
});

/** The operator's own providers, and where each of them is. */
export interface OwnProviders {
  readonly providers: readonly Provider[];
  /** Base URL per provider name, without a slash at the end. */
  readonly baseUrls: Readonly<Record<string, string>>;
}

/**
 * Reads the file that lists the operator's own providers.
 * @param path null when there is none
 * @throws ConfigError naming the file, and each thing in it that is wrong
 */
export function readProvidersFile(path: string | null): OwnProviders {
  if (path === null) return { providers: [], baseUrls: {} };
  const { providers: rows } = readOperatorFile('COATCHECK_PROVIDERS_FILE', path, file);
  return {
    providers: rows.map(({ models = null, keysPage, ...row }) =>
      configuredProvider({ ...row, models, keysPage: keysPage ?? row.baseUrl }),
    ),
    baseUrls: Object.fromEntries(rows.map(({ name, baseUrl }) => [name, baseUrl])),
  };
}
