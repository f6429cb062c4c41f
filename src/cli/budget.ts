import type { Command } from 'commander';
import { providersOfScopes } from '../catalog/catalog.ts';
import { splitScope } from '../catalog/scope.ts';
import type { Deps } from '../deps.ts';
import { accessType } from '../grants/provider_access.ts';
import { readStates } from '../ledger/budget_states.ts';
import { type Budget, budgetsOfGrant, budgetsOfLimits, dollarsOf } from '../store/budget.ts';
import type { AccessBudget, Grant } from '../store/records.ts';
import { type BudgetState, leftOf } from '../store/reservation.ts';
import { grantStatus } from '../store/standing.ts';
import { requireClient, requireGrant, requireKey, requireUser } from './find.ts';
import { addBudgetOptions, type BudgetOptions, budgetsOf, checkedLimits, collect } from './limits.ts';
import { CommandError, type Session, withDeps } from './session.ts';

/** Adds `budget list`, `budget set` and `budget remove`. */
export function addBudgetCommands(program: Command, session: Session): void {
  const budget = program.command('budget').description('what may be spent, and where that stands');
  budget
    .command('list')
    .description('every budget, or those of one user with their keys and apps')
    .option('--user <user>', 'email address or id')
    .action(({ user }: { user?: string }) => list(user, session));
  const set = budget
    .command('set')
    .description('set budgets in the place of those of the same kind and period; others stay')
    .argument('[amounts...]', 'dollars a day, week, month or in total, such as 5.00/month');
  addBudgetOptions(addHolderOptions(set)).action((amounts: readonly string[], options: SetOptions) =>
    setBudgets({ ...options, budget: amounts.flatMap((text) => collect(text)) }, session),
  );
  const remove = budget
    .command('remove')
    .description('remove budgets by their periods')
    .argument('[periods...]', 'of budgets in dollars, such as month');
  addHolderOptions(remove)
    .option('--requests <periods>', 'of budgets of calls, such as day', collect)
    .action((periods: readonly string[], { requests = [], ...holder }: RemoveOptions) =>
      removeBudgets(
        holder,
        [
          ...namesOf(
            'nano_usd',
            periods.flatMap((text) => collect(text)),
          ),
          ...namesOf('calls', requests),
        ],
        session,
      ),
    );
}

/** Whose budgets: one of the four. */
interface HolderOptions {
  readonly user?: string;
  readonly key?: string;
  readonly client?: string;
  readonly grant?: string;
  /** With a grant. */
  readonly provider?: string;
}

type SetOptions = HolderOptions & BudgetOptions;
type RemoveOptions = HolderOptions & { readonly requests?: readonly string[] };

function addHolderOptions(command: Command): Command {
  return command
    .option('--user <user>', 'of all apps of a user together: email address or id')
    .option('--key <id>', 'of all calls with a key')
    .option('--client <id>', 'of all users of an app together')
    .option('--grant <id>', 'of one app of one user')
    .option('--provider <name>', 'with --grant: with this provider alone');
}

/** What tells a budget of a holder from the others. */
type BudgetKind = Pick<Budget, 'unit' | 'period'>;

function namesOf(unit: BudgetKind['unit'], periods: readonly string[]): readonly BudgetKind[] {
  const known = ['day', 'week', 'month', 'total'] as const;
  return periods.map((name) => {
    const period = known.find((one) => one === name);
    if (!period) throw new CommandError(`${name} is no period: name day, week, month or total.`);
    return { unit, period };
  });
}

async function list(userName: string | undefined, session: Session): Promise<void> {
  const states = await withDeps(session, async (deps) => {
    const { store } = deps;
    const user = userName === undefined ? null : await requireUser(deps, userName);
    const keys = user ? await store.credentials.listCredentials(user.id) : [];
    const holders = user ? [user.id, ...keys.map(({ id }) => id)] : 'all';
    const views = await store.grants.listGrants(user ? { userId: user.id } : {});
    const live = views.filter(({ grant }) => grantStatus(grant, deps.clock()) === 'active');
    const budgets = [
      ...(await store.budgets.listBudgets(holders)),
      ...live.flatMap(({ grant }) => budgetsOfGrant(grant)),
    ];
    return readStates(store.budgets, budgets, deps.clock());
  });
  show(states, session);
}

async function setBudgets(
  options: SetOptions & { readonly budget: readonly string[] },
  session: Session,
): Promise<void> {
  if (options.budget.length === 0 && !options.requests) {
    throw new CommandError('Name an amount, such as 5.00/month, or --requests 100/day.');
  }
  const limits = budgetsOf(options);
  await change(options, session, {
    ofGrant: (held) => withLimits(held, limits),
    ofOthers: async ({ store: { budgets } }, { id, userId }) => {
      for (const budget of budgetsOfLimits({ holder: id, provider: null }, limits)) {
        await budgets.setBudget(budget, userId, { kind: 'command_line' });
      }
    },
  });
}

async function removeBudgets(
  options: HolderOptions,
  kinds: readonly BudgetKind[],
  session: Session,
): Promise<void> {
  if (kinds.length === 0) throw new CommandError('Name the periods, such as month, or --requests day.');
  await change(options, session, {
    ofGrant: (held) => withoutLimits(held, kinds),
    ofOthers: async ({ store: { budgets } }, { id, userId }) => {
      for (const { unit, period } of kinds) {
        await budgets.removeBudget({ holder: id, unit, period }, userId, { kind: 'command_line' });
      }
    },
  });
}

/** A user, key or client. */
interface Holder {
  readonly id: string;
  /** Whose trail tells of it. */
  readonly userId: string | null;
}

/** Changes budgets where they are kept, and shows those that are there then. */
async function change(
  options: HolderOptions,
  session: Session,
  how: {
    readonly ofGrant: (held: readonly AccessBudget[]) => readonly AccessBudget[];
    readonly ofOthers: (deps: Deps, holder: Holder) => Promise<void>;
  },
): Promise<void> {
  const { grant, provider, ...others } = options;
  const named = [grant, others.user, others.key, others.client].filter((name) => name !== undefined);
  if (named.length !== 1) throw new CommandError('Name one of --user, --key, --client and --grant.');
  if (provider !== undefined && grant === undefined) throw new CommandError('--provider goes with --grant.');
  const states = await withDeps(session, async (deps) => {
    const { budgets } = deps.store;
    if (grant !== undefined) {
      const changed = await changeGrant(deps, await requireGrant(deps, grant), provider, how.ofGrant);
      return readStates(budgets, budgetsOfGrant(changed), deps.clock());
    }
    const holder = await requireHolder(deps, others);
    await how.ofOthers(deps, holder);
    return readStates(budgets, await budgets.listBudgets([holder.id]), deps.clock());
  });
  show(states, session);
}

async function requireHolder(deps: Deps, { user, key, client = '' }: HolderOptions): Promise<Holder> {
  if (user !== undefined) {
    const { id } = await requireUser(deps, user);
    return { id, userId: id };
  }
  return key === undefined
    ? { id: (await requireClient(deps, client)).id, userId: null }
    : requireKey(deps, key);
}

/** @returns the grant with the other limits */
async function changeGrant(
  { store }: Deps,
  grant: Grant,
  only: string | undefined,
  how: (held: readonly AccessBudget[]) => readonly AccessBudget[],
): Promise<Grant> {
  const scopes = splitScope(grant.scope);
  const reached = providersOfScopes(scopes).map(({ name }) => name);
  if (only !== undefined && !reached.includes(only)) {
    throw new CommandError(`${grant.id} is for ${reached.join(', ')}, not for ${only}.`);
  }
  const details = reached.flatMap((provider) => {
    const held = grant.authorizationDetails.find((access) => access.provider === provider);
    if (only !== undefined && only !== provider) return held ?? [];
    const { budgets = [], ...others } = held ?? { type: accessType, provider };
    const changed = how(budgets);
    return changed.length > 0
      ? { ...others, budgets: changed }
      : Object.keys(others).length > 2
        ? others
        : [];
  });
  const authorizationDetails = checkedLimits(details, scopes);
  const by = { kind: 'command_line' } as const;
  const isChanged = await store.grants.changeLimits(grant.id, grant.userId, authorizationDetails, by);
  if (!isChanged) throw new CommandError(`${grant.id} has ended.`);
  return { ...grant, authorizationDetails };
}

function withLimits(held: readonly AccessBudget[], limits: readonly AccessBudget[]): readonly AccessBudget[] {
  const changed = limits.map((limit) => {
    const { strict, ...before } = held.find(({ period }) => period === limit.period) ?? {};
    // Whether dollars are strict is said along with them.
    return { ...before, ...(limit.limit_usd === undefined && strict && { strict }), ...limit };
  });
  return [...held.filter(({ period }) => !limits.some((limit) => limit.period === period)), ...changed];
}

function withoutLimits(held: readonly AccessBudget[], kinds: readonly BudgetKind[]): readonly AccessBudget[] {
  const goes = (unit: BudgetKind['unit'], period: string) =>
    kinds.some((kind) => kind.unit === unit && kind.period === period);
  return held.flatMap(({ period, limit_usd, limit_requests, strict }) => {
    const rest = {
      ...(limit_usd !== undefined && !goes('nano_usd', period) && { limit_usd, ...(strict && { strict }) }),
      ...(limit_requests !== undefined && !goes('calls', period) && { limit_requests }),
    };
    return Object.keys(rest).length > 0 ? [{ ...rest, period }] : [];
  });
}

const units = { nano_usd: 'usd', calls: 'requests', calls_at_once: 'concurrent_requests' };

function show(states: readonly BudgetState[], session: Session): void {
  const budgets = states.map(wireForm);
  session.show(
    { budgets },
    budgets.length === 0
      ? ['There are no budgets.']
      : budgets.map(({ holder, provider, unit, period, limit, used, held, left }) =>
          [
            holder,
            provider ?? 'all',
            `${limit} ${unit}`,
            ...(period === null ? [] : [period]),
            `used ${used}`,
            `held ${held}`,
            `left ${left}`,
          ].join('  '),
        ),
  );
}

function wireForm(state: BudgetState) {
  const { budget, key, counter } = state;
  const { holder, provider, unit, period, limit, strict } = budget;
  const amount = (value: number) => (unit === 'nano_usd' ? dollarsOf(value) : value);
  return {
    holder,
    provider,
    unit: units[unit],
    period: unit === 'calls_at_once' ? null : period,
    limit: amount(limit),
    strict,
    used: amount(counter.spent),
    held: amount(counter.reserved),
    left: amount(leftOf(state)),
    resets_at: key.endsAt === null ? null : new Date(key.endsAt).toISOString(),
  };
}
