import type { Command } from 'commander';
import { providersOfScopes } from '../catalog/catalog.ts';
import { accessType, type RefusedAccess, readAccess, readBudgets } from '../grants/provider_access.ts';
import type { AccessBudget, ProviderAccess } from '../store/records.ts';
import { CommandError } from './session.ts';

/** Amounts for spans of time, such as `5.00/month`. */
export interface BudgetOptions {
  readonly budget?: readonly string[];
  readonly requests?: readonly string[];
  readonly strict?: true;
}

/** What `grant create` takes of limits; they go to each provider that the scopes reach. */
export interface LimitOptions extends BudgetOptions {
  readonly models?: string;
  readonly rpm?: string;
  readonly concurrent?: string;
  readonly maxOutputTokens?: string;
}

/** Adds the options of all limits. */
export function addLimitOptions(command: Command): Command {
  return addBudgetOptions(
    command
      .option('--models <patterns>', 'models that it may use of each provider, such as "gpt-5*,o3"')
      .option('--rpm <number>', 'calls a minute that it may make to each provider')
      .option('--concurrent <number>', 'calls to each provider that may go on at the same time')
      .option('--max-output-tokens <number>', 'longest answer that it may ask for')
      .option(
        '--budget <amount/period>',
        'dollars that it may spend with each provider a day, week, month or in total, such as "1/day,5.00/month"',
        collect,
      ),
  );
}

/** Adds those options of budgets that are the same everywhere. */
export function addBudgetOptions(command: Command): Command {
  return command
    .option('--requests <number/period>', 'calls a day, week, month or in total, such as 1000/month', collect)
    .option('--strict', 'count what is not reported as the most that it could have cost');
}

/** Lists are written with commas, or by naming the option again. */
export function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').map((one) => one.trim())];
}

/** Where each limit comes from on the command line. */
const optionOf: Readonly<Record<string, string>> = {
  models: '--models',
  requests_per_minute: '--rpm',
  concurrent_requests: '--concurrent',
  max_output_tokens: '--max-output-tokens',
  limit_usd: '--budget',
  limit_requests: '--requests',
};

/** @throws CommandError when one of them is no good */
export function limitsOf(options: LimitOptions, scopes: readonly string[]): readonly ProviderAccess[] {
  const { models, rpm, concurrent, maxOutputTokens } = options;
  const budgets = writtenBudgets(options);
  const rate = {
    ...(rpm !== undefined && { requests_per_minute: Number(rpm) }),
    ...(concurrent !== undefined && { concurrent_requests: Number(concurrent) }),
  };
  const limits = {
    ...(models !== undefined && { models: collect(models) }),
    ...(budgets.length > 0 && { budgets }),
    ...(Object.keys(rate).length > 0 && { rate }),
    ...(maxOutputTokens !== undefined && { max_output_tokens: Number(maxOutputTokens) }),
  };
  if (Object.keys(limits).length === 0) return [];
  const providers = providersOfScopes(scopes).map(({ name }) => name);
  return checkedLimits(
    providers.map((provider) => ({ type: accessType, provider, ...limits })),
    scopes,
  );
}

/** @throws CommandError when they are no good */
export function checkedLimits(
  details: readonly unknown[],
  scopes: readonly string[],
): readonly ProviderAccess[] {
  const read = readAccess(details, scopes);
  if (read.kind === 'refused') throw badLimit(read);
  return read.details;
}

/** @throws CommandError when one of them is no good */
export function budgetsOf(options: BudgetOptions): readonly AccessBudget[] {
  const read = readBudgets(writtenBudgets(options));
  if (read.kind === 'refused') throw badLimit(read);
  return read.budgets;
}

function badLimit({ path, complaint }: RefusedAccess): CommandError {
  const option = path.map((member) => optionOf[String(member)]).findLast((name) => name !== undefined);
  return new CommandError(`${option ?? 'What is limited'}: ${complaint}.`);
}

/** The amounts as budgets, unchecked. */
function writtenBudgets({ budget = [], requests = [], strict }: BudgetOptions): readonly unknown[] {
  const dollars = amountsByPeriod('--budget', '5.00/month', budget);
  const calls = amountsByPeriod('--requests', '1000/month', requests);
  return [...new Set([...dollars.keys(), ...calls.keys()])].map((period) => ({
    ...(dollars.has(period) && { limit_usd: dollars.get(period), ...(strict && { strict }) }),
    ...(calls.has(period) && { limit_requests: Number(calls.get(period)) }),
    period,
  }));
}

function amountsByPeriod(
  option: string,
  example: string,
  texts: readonly string[],
): ReadonlyMap<string, string> {
  const amounts = new Map<string, string>();
  for (const text of texts) {
    const [, amount, period] = /^([^/]+)\/(day|week|month|total)$/.exec(text) ?? [];
    if (amount === undefined || period === undefined) {
      throw new CommandError(
        `${option}: write an amount for a day, week, month or total, such as ${example}.`,
      );
    }
    if (amounts.has(period)) throw new CommandError(`${option}: name ${period} once.`);
    amounts.set(period, amount);
  }
  return amounts;
}
