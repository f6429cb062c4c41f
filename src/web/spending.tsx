import { isDeepStrictEqual } from 'node:util';
import type { Deps } from '../deps.ts';
import { type Budget, budgetsOfLimits, dollarsOf } from '../store/budget.ts';
import type { AccessBudget, User } from '../store/records.ts';
import { asUser } from './actor.ts';
import { type BudgetTexts, budgetTexts, fieldName, readBudgetForm } from './budget_texts.ts';
import { BudgetList, BudgetNotices } from './components/budgets.tsx';
import { type Complaints, ErrorSummary, Form, isInvalid } from './components/form.tsx';
import { BudgetForm } from './components/limits.tsx';
import { Done } from './components/notice.tsx';
import { Layout } from './layout.tsx';
import type { PageContext, Visitor } from './page.ts';
import { notFound } from './problem.tsx';
import { readSpenders, type Spender } from './spenders.ts';

/** What came back with complaints. */
interface Refused {
  readonly holder: string;
  readonly typed: BudgetTexts;
  readonly complaints: Complaints;
}

/** What a user lets apps spend: all together, with each key, and each for itself. */
export function showSpending(c: PageContext, user: User) {
  return spendingPage(c, user, null);
}

/** Sets the budgets over all apps, or of one key. */
export async function submitBudgets(c: PageContext, user: User) {
  const { deps, form } = c.var;
  const holder = c.req.param('holder') ?? '';
  const isOwn =
    holder === user.id || (await deps.store.credentials.findCredential(holder))?.userId === user.id;
  if (!isOwn) return notFound(c);
  // What does not come from the form on the page would take every limit away.
  if (!form.has(fieldName(holder, 'month'))) return c.redirect('/spending', 303);
  const { typed, budgets, complaints } = readBudgetForm(form, holder);
  if (isInvalid(complaints)) return spendingPage(c, user, { holder, typed, complaints });
  await replaceBudgets(deps, holder, budgets, user);
  return c.redirect('/spending?done=limited', 303);
}

/** Puts these limits in the place of a holder's, but for those that no form shows. */
async function replaceBudgets(
  { store: { budgets } }: Deps,
  holder: string,
  limits: readonly AccessBudget[],
  user: User,
): Promise<void> {
  const held = (await budgets.listBudgets([holder])).filter(({ unit }) => unit !== 'calls_at_once');
  const wanted = budgetsOfLimits({ holder, provider: null }, limits);
  for (const budget of wanted) {
    if (!held.some((one) => isDeepStrictEqual(one, budget))) {
      await budgets.setBudget(budget, user.id, asUser(user));
    }
  }
  for (const { unit, period } of held) {
    if (!wanted.some((budget) => budget.unit === unit && budget.period === period)) {
      await budgets.removeBudget({ holder, unit, period }, user.id, asUser(user));
    }
  }
}

const messages = { limited: 'The limits are saved. They hold from the very next call.' };

async function spendingPage(c: PageContext, user: User, refused: Refused | null) {
  const { deps, visitor } = c.var;
  const [credentials, views] = await Promise.all([
    deps.store.credentials.listCredentials(user.id),
    deps.store.grants.listGrants({ userId: user.id }),
  ]);
  const { together, keys, apps } = await readSpenders(deps, user, credentials, views);
  const limited = apps.filter(({ states }) => states.length > 0);
  return c.html(
    <Layout title="Spending" visitor={visitor} place="spending" invalid={refused !== null}>
      <Done what={refused ? undefined : c.req.query('done')} messages={messages} />
      <h1>Spending</h1>
      <p class="lead">
        A call has to fit into every limit here that it counts against. Days, weeks and months are those of
        UTC.
      </p>
      <ErrorSummary complaints={refused?.complaints ?? {}} />
      <BudgetNotices spenders={[together, ...keys, ...apps]} />
      {[together, ...keys].map((spender) => (
        <Limited spender={spender} visitor={visitor} refused={refused} />
      ))}
      <h2>Each app</h2>
      {limited.length === 0 ? (
        <p class="hint">
          No app has a limit of its own. You set one when you connect it, or on its page under{' '}
          <a href="/apps">Apps</a>.
        </p>
      ) : (
        <ul class="rows">
          {limited.map(({ name, path, states }) => (
            <li>
              <h3>
                <a href={path}>
                  <bdi>{name}</bdi>
                </a>
              </h3>
              <BudgetList states={states} />
            </li>
          ))}
        </ul>
      )}
    </Layout>,
    refused ? 422 : 200,
  );
}

function Limited(props: {
  readonly spender: Spender;
  readonly visitor: Visitor;
  readonly refused: Refused | null;
}) {
  const { spender, visitor, refused } = props;
  const { id, name, states } = spender;
  const isRefused = refused?.holder === id;
  const texts = isRefused ? refused.typed : budgetTexts(states.map(({ budget }) => limitOf(budget)));
  return (
    <section class="card" id={id}>
      <h2>{name}</h2>
      {states.length === 0 ? <p>No limit.</p> : <BudgetList states={states} />}
      <details class="more" open={isRefused}>
        <summary>{states.length === 0 ? 'Set limits' : 'Change the limits'}</summary>
        <Form action={`/spending/${id}`} csrf={visitor.csrf}>
          <p class="hint">An empty field means no limit. What was used before counts.</p>
          <BudgetForm prefix={id} texts={texts} complaints={isRefused ? refused.complaints : {}} />
          <button type="submit">Save the limits</button>
        </Form>
      </details>
    </section>
  );
}

/** A budget as limits have it. */
function limitOf({ unit, period, limit, strict }: Budget): AccessBudget {
  switch (unit) {
    case 'nano_usd':
      return { limit_usd: dollarsOf(limit), period, strict };
    case 'calls':
      return { limit_requests: limit, period };
    case 'calls_at_once':
      return { period };
  }
}
