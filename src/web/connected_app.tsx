import { revokeGrant } from '../grants/revoke.ts';
import type { GrantView } from '../store/contract/grants.ts';
import type { User } from '../store/records.ts';
import { grantStatus } from '../store/standing.ts';
import { asUser } from './actor.ts';
import { RevokeGrant } from './apps.tsx';
import { CallTable } from './components/call_table.tsx';
import { GrantBadges, GrantFacts } from './components/grant.tsx';
import { Layout } from './layout.tsx';
import type { PageContext } from './page.ts';
import { notFound } from './problem.tsx';

const callsShown = 20;

/** One connected app with its latest calls. */
export async function showConnectedApp(c: PageContext, user: User) {
  const { deps, visitor } = c.var;
  const view = await ownGrant(c, user);
  if (!view) return notFound(c);
  const now = deps.clock();
  const { grant, client } = view;
  const calls = await deps.store.records.listCalls(
    { grantId: grant.id },
    { before: null, limit: callsShown },
  );
  return c.html(
    <Layout title={client.name} visitor={visitor} place="apps">
      <a class="back" href="/apps">
        Connected apps
      </a>
      <header class="page">
        <h1>
          <bdi>{client.name}</bdi>
        </h1>
        <GrantBadges view={view} now={now} />
      </header>
      <section class="card">
        <GrantFacts view={view} now={now} />
        {grantStatus(grant, now) === 'active' && <RevokeGrant view={view} csrf={visitor.csrf} />}
      </section>
      <h2>Latest calls</h2>
      {calls.length === 0 ? (
        <p class="hint">It has made no call yet.</p>
      ) : (
        <>
          <CallTable calls={calls} now={now} withoutApp />
          <p>
            <a href={`/activity?app=${client.id}`}>All its calls</a>
          </p>
        </>
      )}
    </Layout>,
  );
}

export async function submitRevocation(c: PageContext, user: User) {
  const view = await ownGrant(c, user);
  if (!view) return notFound(c);
  await revokeGrant(c.var.deps, view.grant.id, 'user', asUser(user));
  return c.redirect('/apps?done=revoked', 303);
}

async function ownGrant(c: PageContext, user: User): Promise<GrantView | undefined> {
  const views = await c.var.deps.store.grants.listGrants({ userId: user.id });
  return views.find(({ grant }) => grant.id === c.req.param('id'));
}
