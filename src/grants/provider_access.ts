import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { findProvider, providersOfScopes } from '../catalog/catalog.ts';
import { covers } from '../lib/model_pattern.ts';
import type { AccessBudget, ProviderAccess } from '../store/records.ts';

/** The one type of authorization details that there is here (RFC 9396 §2). */
export const accessType = 'provider_access';

/**
 * In characters of JSON. An access token carries them, and has to stay short enough for the headers that servers take,
 * with every scope there is beside them.
 */
const longestDetails = 2_000;

const noDollars = 'must be dollars as a string, such as "5.00"';

/** In dollars; as exact as money is kept, in nano-USD. */
const dollars = z
  .string(noDollars)
  .regex(/^(0|[1-9]\d{0,6})(\.\d{1,9})?$/, noDollars)
  .refine((amount) => Number(amount) > 0, 'must be more than 0');

const wholeNumber = (most: number) => {
  const complaint = `must be a whole number from 1 to ${most}`;
  return z.int(complaint).min(1, complaint).max(most, complaint);
};

const object = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    // The usual message would repeat the name.
    error: ({ code }) =>
      code === 'unrecognized_keys' ? 'must not hold a field that is not known here' : undefined,
  });

const budget = object({
  limit_usd: dollars.exactOptional(),
  limit_requests: wholeNumber(1_000_000_000).exactOptional(),
  period: z.enum(['day', 'week', 'month', 'total']),
  strict: z.boolean().exactOptional(),
}).refine(
  ({ limit_usd, limit_requests }) => limit_usd !== undefined || limit_requests !== undefined,
  'must hold limit_usd or limit_requests',
);

const budgets = z
  .array(budget)
  .min(1)
  .refine(
    (budgets) => new Set(budgets.map(({ period }) => period)).size === budgets.length,
    'must not hold two of one period',
  );

const access = object({
  type: z.literal(accessType),
  provider: z.string().refine((name) => findProvider(name) !== undefined, 'must be a provider known here'),
  models: z
    .array(
      z
        .string()
        .regex(
          /^(\*|[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}\*?)$/,
          'must be the name of a model, or the beginning of one and a *',
        ),
    )
    .min(1)
    .max(50)
    .exactOptional(),
  budgets: budgets.exactOptional(),
  rate: object({
    requests_per_minute: wholeNumber(60_000).exactOptional(),
    concurrent_requests: wholeNumber(10_000).exactOptional(),
  })
    .refine((rate) => Object.keys(rate).length > 0, 'must hold requests_per_minute or concurrent_requests')
    .exactOptional(),
  max_output_tokens: wholeNumber(10_000_000).exactOptional(),
});

/** What is wrong with limits, for whoever has sent them: the path of the place, and what it must be. */
export interface RefusedAccess {
  readonly kind: 'refused';
  readonly path: readonly PropertyKey[];
  readonly complaint: string;
}

type ReadAccess = { readonly kind: 'read'; readonly details: readonly ProviderAccess[] } | RefusedAccess;

/**
 * Reads limits from what somebody has sent.
 * @param value parsed JSON
 * @param scopes what they go with: a detail is for a provider that one of them reaches
 */
export function readAccess(value: unknown, scopes: readonly string[]): ReadAccess {
  const result = z.array(access).safeParse(value);
  if (!result.success) return refusedFor(result.error);
  const details = result.data;
  const reached = providersOfScopes(scopes).map(({ name }) => name);
  for (const [index, { provider }] of details.entries()) {
    const path = [index, 'provider'];
    if (!reached.includes(provider)) {
      return { kind: 'refused', path, complaint: 'must be one that a requested scope is for' };
    }
    if (details.findIndex((other) => other.provider === provider) !== index) {
      return { kind: 'refused', path, complaint: 'must not be named twice' };
    }
  }
  return bounded(details);
}

/** Reads budgets alone. @param value parsed JSON */
export function readBudgets(
  value: unknown,
): { readonly kind: 'read'; readonly budgets: readonly AccessBudget[] } | RefusedAccess {
  const result = budgets.safeParse(value);
  return result.success ? { kind: 'read', budgets: result.data } : refusedFor(result.error);
}

function refusedFor({ issues: [issue] }: z.ZodError): RefusedAccess {
  return { kind: 'refused', path: issue?.path ?? [], complaint: issue?.message ?? 'is not good' };
}

function bounded(details: readonly ProviderAccess[]): ReadAccess {
  return JSON.stringify(details).length <= longestDetails
    ? { kind: 'read', details }
    : { kind: 'refused', path: [], complaint: `must be at most ${longestDetails} characters long in all` };
}

/** The details for the providers that these scopes reach. */
export function detailsWithin(
  details: readonly ProviderAccess[],
  scopes: readonly string[],
): readonly ProviderAccess[] {
  const reached = providersOfScopes(scopes).map(({ name }) => name);
  return details.filter(({ provider }) => reached.includes(provider));
}

/**
 * The limits of a token that is to allow less than was granted (RFC 9396 §6). What is left out stays as granted; rate and
 * budgets are those of the whole grant, whatever a token says of them.
 * @param asked read for the token's scopes
 */
export function narrowDetails(
  granted: readonly ProviderAccess[],
  asked: readonly ProviderAccess[],
): ReadAccess {
  for (const [index, detail] of asked.entries()) {
    const member = memberBeyond(detail, detailFor(detail.provider, granted) ?? {});
    if (member)
      return { kind: 'refused', path: [index, member], complaint: 'is not within what the user allowed' };
  }
  return bounded([
    ...granted.map((detail) => ({ ...detail, ...detailFor(detail.provider, asked) })),
    ...asked.filter(({ provider }) => !detailFor(provider, granted)),
  ]);
}

/** What of the asked is not within the granted. */
function memberBeyond(
  asked: ProviderAccess,
  granted: Partial<ProviderAccess>,
): keyof ProviderAccess | undefined {
  const { models, max_output_tokens: most = Number.POSITIVE_INFINITY, rate, budgets } = granted;
  if (models && asked.models?.some((model) => !models.some((pattern) => covers(pattern, model))))
    return 'models';
  if (asked.max_output_tokens !== undefined && asked.max_output_tokens > most) return 'max_output_tokens';
  if (asked.rate && !isDeepStrictEqual(asked.rate, rate)) return 'rate';
  if (asked.budgets && !isDeepStrictEqual(asked.budgets, budgets)) return 'budgets';
  return undefined;
}

/** What is left of the limits of a token under those that its grant has now. */
export function commonDetails(
  ofToken: readonly ProviderAccess[],
  ofGrant: readonly ProviderAccess[],
): readonly ProviderAccess[] {
  const providers = new Set([...ofToken, ...ofGrant].map(({ provider }) => provider));
  return [...providers].map((provider) => {
    const token = detailFor(provider, ofToken);
    const grant = detailFor(provider, ofGrant);
    const models = commonModels(token?.models, grant?.models);
    const caps = [token, grant].flatMap((detail) => detail?.max_output_tokens ?? []);
    return {
      ...grant,
      type: accessType,
      provider,
      ...(models && { models }),
      ...(caps.length > 0 && { max_output_tokens: Math.min(...caps) }),
    };
  });
}

function detailFor(name: string, details: readonly ProviderAccess[]): ProviderAccess | undefined {
  return details.find(({ provider }) => provider === name);
}

/** What is left of the models of one list under another; either may leave them open. */
export function commonModels(
  ones: readonly string[] | undefined,
  others: readonly string[] | undefined,
): readonly string[] | undefined {
  if (!ones || !others) return ones ?? others;
  const common = ones.flatMap((one) =>
    others.flatMap((other) => (covers(one, other) ? [other] : covers(other, one) ? [one] : [])),
  );
  return [...new Set(common)];
}
