import { providersOfScopes } from '../catalog/catalog.ts';
import { accessType, readAccess } from '../grants/provider_access.ts';
import type { ProviderAccess } from '../store/records.ts';
import type { Complaints } from './components/form.tsx';

/** Spans of time that spending can be limited in. */
export const periods = ['day', 'week', 'month', 'total'] as const;

const limitNames = ['models', 'requests', 'tokens', ...periods] as const;

export type LimitName = (typeof limitNames)[number];

/** Limits on one provider as they stand in the fields of a form; empty where there is none. */
export type LimitTexts = Readonly<Record<LimitName, string>>;

/** Name and id of the field of a limit. */
export function limitField(provider: string, limit: LimitName): string {
  return `${provider}_${limit}`;
}

const amount = new Intl.NumberFormat('en-US', {
  useGrouping: false,
  minimumFractionDigits: 2,
  maximumFractionDigits: 9,
});

/** What the fields hold for these limits. */
export function limitTexts(access: ProviderAccess | undefined): LimitTexts {
  const spending = (period: string) => {
    const budget = access?.budgets?.find((one) => one.period === period);
    return budget?.limit_usd === undefined ? '' : amount.format(Number(budget.limit_usd));
  };
  return {
    models: access?.models?.join('\n') ?? '',
    requests: String(access?.rate?.requests_per_minute ?? ''),
    tokens: String(access?.max_output_tokens ?? ''),
    day: spending('day'),
    week: spending('week'),
    month: spending('month'),
    total: spending('total'),
  };
}

/** What the fields begin with: the limits that hold, so that approving again loosens none, and what else the app proposes. */
export function firstTexts(
  proposed: ProviderAccess | undefined,
  held: ProviderAccess | undefined,
): LimitTexts {
  const [now, then] = [limitTexts(held), limitTexts(proposed)];
  return textsOf((limit) => now[limit] || then[limit]);
}

/** What somebody has typed. */
export function typedTexts(form: URLSearchParams, provider: string): LimitTexts {
  return textsOf((limit) => (form.get(limitField(provider, limit)) ?? '').trim());
}

const amountFor = (period: string) => `Write the amount ${period} with a point, such as 5 or 0.50.`;

const complaintsAbout: LimitTexts = {
  models:
    'Write names of models such as gpt-5-mini, or beginnings with a * such as gpt-5*. 50 at most; fewer if they are long.',
  requests: 'Write the number of requests in digits, from 1 to 60000.',
  tokens: 'Write the number of tokens in digits, from 1 to 10000000.',
  day: amountFor('for a day'),
  week: amountFor('for a week'),
  month: amountFor('for a month'),
  total: amountFor('in total'),
};

/**
 * Reads the limits that go with these scopes.
 * @returns what is wrong, by field; `details` are of use when nothing is
 */
export function readLimits(
  form: URLSearchParams,
  scopes: readonly string[],
): { readonly details: readonly ProviderAccess[]; readonly complaints: Complaints } {
  const complaints: Record<string, string> = {};
  const complain = (provider: string, limit: LimitName) => {
    complaints[limitField(provider, limit)] = complaintsAbout[limit];
  };
  const limited = providersOfScopes(scopes)
    .map(({ name }) => ({ name, typed: typedTexts(form, name) }))
    .filter(({ typed }) => Object.values(typed).some(Boolean));
  for (const { name, typed } of limited) {
    for (const limit of limitNames) {
      const alone = textsOf((other) => (other === limit ? typed[limit] : ''));
      if (readAccess([accessOf(name, alone)], scopes).kind === 'refused') complain(name, limit);
    }
  }
  const read = readAccess(
    limited.map(({ name, typed }) => accessOf(name, typed)),
    scopes,
  );
  if (read.kind === 'read') return { details: read.details, complaints };
  // Each is good, and together they are too long.
  if (Object.keys(complaints).length === 0) for (const { name } of limited) complain(name, 'models');
  return { details: [], complaints };
}

/** Whether a limit on this provider was complained about. */
export function hasComplaint(complaints: Complaints, provider: string): boolean {
  return limitNames.some((limit) => complaints[limitField(provider, limit)]);
}

/** The limits that were typed, unchecked. */
function accessOf(provider: string, typed: LimitTexts): unknown {
  const models = typed.models.split(/[\s,]+/).filter(Boolean);
  const budgets = periods.flatMap((period) => {
    const text = typed[period].replace(/^\$\s*/, '');
    const limit_usd = /^\d+(\.\d{1,9})?$/.test(text) ? amount.format(Number(text)) : text;
    return text === '' ? [] : [{ limit_usd, period }];
  });
  return {
    type: accessType,
    provider,
    ...(typed.models !== '' && { models: [...new Set(models)] }),
    ...(budgets.length > 0 && { budgets }),
    ...(typed.requests !== '' && { rate: { requests_per_minute: wholeNumber(typed.requests) } }),
    ...(typed.tokens !== '' && { max_output_tokens: wholeNumber(typed.tokens) }),
  };
}

/** Not a number where it is written otherwise: points and commas mean different things to different people. */
function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

function textsOf(of: (limit: LimitName) => string): LimitTexts {
  return Object.fromEntries(limitNames.map((limit) => [limit, of(limit)])) as LimitTexts;
}
