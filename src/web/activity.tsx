import type { User } from '../store/records.ts';
import { CallTable } from './components/call_table.tsx';
import { Select } from './components/form.tsx';
import { Layout } from './layout.tsx';
import type { PageContext } from './page.ts';

const callsShown = 25;

/** Every call that apps made with a user's keys. */
export async function showActivity(c: PageContext, user: User) {
  const { deps, visitor } = c.var;
  const { records, grants } = deps.store;
  const clients = new Map(
    (await grants.listGrants({ userId: user.id })).map(({ client }) => [client.id, client.name]),
  );
  const app = c.req.query('app') ?? '';
  const clientId = clients.has(app) ? app : null;
  const before = c.req.query('before') ?? null;
  // One more than is shown tells whether there are older ones.
  const found = await records.listCalls(
    { userId: user.id, ...(clientId === null ? {} : { clientId }) },
    { before, limit: callsShown + 1 },
  );
  const calls = found.slice(0, callsShown);
  const last = found.length > callsShown ? calls.at(-1) : undefined;
  return c.html(
    <Layout title="Activity" visitor={visitor} place="activity" width="wide">
      <h1>Activity</h1>
      {clients.size > 1 && (
        <form method="get" action="/activity" class="filter">
          <Select
            name="app"
            label="App"
            selected={clientId ?? ''}
            options={[
              { value: '', label: 'All apps' },
              ...[...clients].map(([value, label]) => ({ value, label })),
            ]}
          />
          <button type="submit" class="quiet">
            Show
          </button>
        </form>
      )}
      {calls.length === 0 ? (
        <section class="card empty">
          <h2>{before === null ? 'No calls yet' : 'No older calls'}</h2>
          <p>
            Each time an app uses one of your keys, the call appears here: when, which app, what for, and the
            cost.
          </p>
        </section>
      ) : (
        <CallTable calls={calls} now={deps.clock()} />
      )}
      {(last || before !== null) && (
        <nav class="actions" aria-label="Pages of calls">
          {before !== null && <a href={pagePath(clientId, null)}>Newest calls</a>}
          {last && <a href={pagePath(clientId, last.id)}>Older calls</a>}
        </nav>
      )}
    </Layout>,
  );
}

function pagePath(clientId: string | null, before: string | null): string {
  const query = new URLSearchParams({
    ...(clientId === null ? {} : { app: clientId }),
    ...(before === null ? {} : { before }),
  });
  return query.size === 0 ? '/activity' : `/activity?${query}`;
}
