import type { GrantView } from '../store/contract/grants.ts';
import type { User } from '../store/records.ts';
import { grantStatus } from '../store/standing.ts';
import { BudgetNotices } from './components/budgets.tsx';
import { Confirm } from './components/confirm.tsx';
import { GrantBadges, GrantSummary } from './components/grant.tsx';
import { Done } from './components/notice.tsx';
import { Layout } from './layout.tsx';
import type { PageContext } from './page.ts';
import { readSpenders } from './spenders.ts';

/** The apps that a user has connected: the first page after signing in. */
export async function showApps(c: PageContext, user: User) {
  const { deps, visitor } = c.var;
  const now = deps.clock();
  const [views, keys] = await Promise.all([
    deps.store.grants.listGrants({ userId: user.id }),
    deps.store.credentials.listCredentials(user.id),
  ]);
  const live = views.filter(({ grant }) => grantStatus(grant, now) === 'active');
  const spenders = await readSpenders(deps, user, keys, views);
  const ended = views.filter(({ grant }) => grantStatus(grant, now) !== 'active');
  return c.html(
    <Layout title="Connected apps" visitor={visitor} place="apps">
      <Done what={c.req.query('done')} messages={messages} />
      <h1>Connected apps</h1>
      <BudgetNotices spenders={[spenders.together, ...spenders.keys, ...spenders.apps]} />
      {live.length === 0 ? (
        <NoApps hasKeys={keys.length > 0} />
      ) : (
        <ul class="rows">
          {live.map((view) => (
            <li>
              <Row view={view} now={now} />
              <RevokeGrant view={view} csrf={visitor.csrf} />
            </li>
          ))}
        </ul>
      )}
      {ended.length > 0 && (
        <details class="more">
          <summary>{`Ended (${ended.length})`}</summary>
          <ul class="rows">
            {ended.map((view) => (
              <li>
                <Row view={view} now={now} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </Layout>,
  );
}

const messages = { revoked: 'Access is revoked. The app’s very next call is refused.' };

function Row({ view, now }: { readonly view: GrantView; readonly now: number }) {
  return (
    <>
      <div class="row-head">
        <h2>
          <a href={`/apps/${view.grant.id}`}>
            <bdi>{view.client.name}</bdi>
          </a>
        </h2>
        <GrantBadges view={view} now={now} />
      </div>
      <GrantSummary view={view} now={now} />
    </>
  );
}

/** Asks, then ends what a user allowed an app. */
export function RevokeGrant({ view, csrf }: { readonly view: GrantView; readonly csrf: string }) {
  return (
    <Confirm ask="Revoke…" act="Revoke access" action={`/apps/${view.grant.id}/revoke`} csrf={csrf}>
      <p>
        <bdi>{view.client.name}</bdi> can make no more calls with your keys, on any of your devices. To use it
        again, you connect it anew.
      </p>
    </Confirm>
  );
}

function NoApps({ hasKeys }: { readonly hasKeys: boolean }) {
  return (
    <section class="card empty">
      <h2>No apps yet</h2>
      {hasKeys ? (
        <p>
          You are ready. When an app offers to connect through this broker, it sends you here, and you decide
          what it may do.
        </p>
      ) : (
        <>
          <p>First deposit a key. Then any app that connects through this broker can ask to use it.</p>
          <a class="button" href="/keys/new">
            Add your first key
          </a>
        </>
      )}
    </section>
  );
}
