import { providersOfScopes } from '../catalog/catalog.ts';
import { accessType, readAccess } from '../grants/provider_access.ts';
import type { ProviderAccess } from '../store/records.ts';
import {
  budgetComplaints,
  budgetNames,
  budgetTexts,
  fieldName,
  typedBudgets,
  typedText,
  wholeNumber,
} from './budget_texts.ts';
import type { Complaints } from './components/form.tsx';

const limitNames = ['models', 'requests', 'at_once', 'tokens', ...budgetNames] as const;

export type LimitName = (typeof limitNames)[number];

/** Limits on one provider as they stand in the fields of a form; empty where there is none. */
export type LimitTexts = Readonly<Record<LimitName, string>>;

/** What the fields hold for these limits. */
export function limitTexts(access: ProviderAccess | undefined): LimitTexts {
  return {
    models: access?.models?.join('\n') ?? '',
    requests: String(access?.rate?.requests_per_minute ?? ''),
    at_once: String(access?.rate?.concurrent_requests ?? ''),
    tokens: String(access?.max_output_tokens ?? ''),
    ...budgetTexts(access?.budgets ?? []),
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
  return textsOf((limit) => typedText(form, provider, limit));
}

const complaintsAbout: LimitTexts = {
  models:
    'Write names of models such as gpt-5-mini, or beginnings with a * such as gpt-5*. 50 at most; fewer if they are long.',
  requests: 'Write the number of requests in digits, from 1 to 60000.',
  at_once: 'Write the number of requests at the same time in digits, from 1 to 10000.',
  tokens: 'Write the number of tokens in digits, from 1 to 10000000.',
  ...budgetComplaints,
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
    complaints[fieldName(provider, limit)] = complaintsAbout[limit];
  };
  const limited = providersOfScopes(scopes)
    .map(({ name }) => ({ name, typed: typedTexts(form, name) }))
    .filter(({ typed: { strict, ...others } }) => Object.values(others).some(Boolean));
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
  return limitNames.some((limit) => complaints[fieldName(provider, limit)]);
}

/** The limits that were typed, unchecked. */
function accessOf(provider: string, typed: LimitTexts): unknown {
  const models = typed.models.split(/[\s,]+/).filter(Boolean);
  const budgets = typedBudgets(typed);
  const rate = {
    ...(typed.requests !== '' && { requests_per_minute: wholeNumber(typed.requests) }),
    ...(typed.at_once !== '' && { concurrent_requests: wholeNumber(typed.at_once) }),
  };
  return {
    type: accessType,
    provider,
    ...(typed.models !== '' && { models: [...new Set(models)] }),
    ...(budgets.length > 0 && { budgets }),
    ...(Object.keys(rate).length > 0 && { rate }),
    ...(typed.tokens !== '' && { max_output_tokens: wholeNumber(typed.tokens) }),
  };
}

function textsOf(of: (limit: LimitName) => string): LimitTexts {
  return Object.fromEntries(limitNames.map((limit) => [limit, of(limit)])) as LimitTexts;
}
