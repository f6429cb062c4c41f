import type { User } from '../store/records.ts';
import { asUser } from './actor.ts';
import { fieldName } from './budget_texts.ts';
import { BudgetList, BudgetNotices } from './components/budgets.tsx';
import { ErrorSummary } from './components/form.tsx';
import { Done } from './components/notice.tsx';
import { HolderBudgets, type RefusedBudgets, saveBudgets } from './holder_budgets.tsx';
import { Layout } from './layout.tsx';
import type { PageContext } from './page.ts';
import { notFound } from './problem.tsx';
import { readSpenders } from './spenders.ts';

/** What a user lets apps spend: all together, with each key, and each for itself. */
export function showSpending(c: PageContext, user: User) {
  return spendingPage(c, user, null);
}

/** Sets the budgets over all apps, or of one key. */
export async function submitBudgets(c: PageContext, user: User) {
  const { deps, form } = c.var;
  const holder = form.get('holder') ?? '';
  const isOwn =
    holder === user.id || (await deps.store.credentials.findCredential(holder))?.userId === user.id;
  if (!isOwn || !form.has(fieldName(holder, 'month'))) return notFound(c);
  const refused = await saveBudgets(deps.store.budgets, form, holder, user.id, asUser(user));
  return refused ? spendingPage(c, user, refused) : c.redirect('/spending?done=limited', 303);
}

const messages = { limited: 'The limits are saved. They hold from the very next call.' };

async function spendingPage(c: PageContext, user: User, refused: RefusedBudgets | null) {
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
      {[together, ...keys].map(({ id, name, states }) => (
        <section class="card" id={id}>
          <h2>{name}</h2>
          {states.length === 0 && <p>No limit.</p>}
          <HolderBudgets
            holder={id}
            states={states}
            action="/spending"
            csrf={visitor.csrf}
            refused={refused}
          />
        </section>
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
