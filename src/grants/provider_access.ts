import { z } from 'zod';
import { findProvider, providersOfScopes } from '../catalog/catalog.ts';
import { covers } from '../lib/model_pattern.ts';
import type { ProviderAccess } from '../store/records.ts';

/** The one type of authorization details that there is here (RFC 9396 §2). */
const accessType = 'provider_access';

/** In dollars; as exact as money is kept, in nano-USD. */
const dollars = z
  .string()
  .regex(/^(0|[1-9]\d{0,6})(\.\d{1,9})?$/, 'must be dollars as a string, such as "5.00"')
  .refine((amount) => Number(amount) > 0, 'must be more than 0');

const budget = z.strictObject({ limit_usd: dollars, period: z.enum(['day', 'week', 'month', 'total']) });

const access = z.strictObject({
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
  budgets: z
    .array(budget)
    .min(1)
    .refine(
      (budgets) => new Set(budgets.map(({ period }) => period)).size === budgets.length,
      'must not hold two of one period',
    )
    .exactOptional(),
  rate: z.strictObject({ requests_per_minute: z.int().min(1).max(60_000) }).exactOptional(),
  max_output_tokens: z.int().min(1).max(10_000_000).exactOptional(),
});

/**
 * Reads limits from what somebody has sent.
 * @param value parsed JSON
 * @param scopes what they go with: a detail is for a provider that one of them reaches
 * @returns what is wrong otherwise, for whoever has sent it: the path of the place and what it must be
 */
export function readAccess(
  value: unknown,
  scopes: readonly string[],
):
  | { readonly kind: 'read'; readonly details: readonly ProviderAccess[] }
  | { readonly kind: 'refused'; readonly path: readonly PropertyKey[]; readonly complaint: string } {
  const result = z.array(access).safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    return { kind: 'refused', path: issue?.path ?? [], complaint: issue?.message ?? 'is not good' };
  }
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
  return { kind: 'read', details };
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
