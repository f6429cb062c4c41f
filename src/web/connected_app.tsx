import { providersOfScopes } from '../catalog/catalog.ts';
import { splitScope } from '../catalog/scope.ts';
import { revokeGrant } from '../grants/revoke.ts';
import { readStates } from '../ledger/budget_states.ts';
import { budgetsOfGrant } from '../store/budget.ts';
import type { GrantView } from '../store/contract/grants.ts';
import type { Credential, Grant, User } from '../store/records.ts';
import { grantStatus } from '../store/standing.ts';
import { asUser } from './actor.ts';
import { RevokeGrant } from './apps.tsx';
import { fieldName } from './budget_texts.ts';
import { BudgetList } from './components/budgets.tsx';
import { CallTable } from './components/call_table.tsx';
import { type Complaints, ErrorSummary, Form, isInvalid } from './components/form.tsx';
import { GrantBadges, GrantFacts } from './components/grant.tsx';
import { LimitFields } from './components/limits.tsx';
import { Done, Notice } from './components/notice.tsx';
import { Layout } from './layout.tsx';
import { limitTexts, readLimits, typedTexts } from './limits.ts';
import type { PageContext } from './page.ts';
import { notFound } from './problem.tsx';

const callsShown = 20;

/** One connected app with its latest calls. */
export async function showConnectedApp(c: PageContext, user: User) {
  const view = await ownGrant(c, user);
  return view ? connectedAppPage(c, view, {}) : notFound(c);
}

/** Sets other limits, which hold from the next call on. */
export async function submitLimits(c: PageContext, user: User) {
  const view = await ownGrant(c, user);
  if (!view) return notFound(c);
  const { deps, form } = c.var;
  const { id, scope } = view.grant;
  const scopes = splitScope(scope);
  const { details, complaints } = readLimits(form, scopes);
  if (isInvalid(complaints)) return connectedAppPage(c, view, complaints);
  // A form from before the app got another provider would take that one's limits away.
  const isWhole = providersOfScopes(scopes).every(({ name }) => form.has(fieldName(name, 'models')));
  const changed = isWhole && (await deps.store.grants.changeLimits(id, user.id, details, asUser(user)));
  return c.redirect(changed ? `/apps/${id}?done=limited` : `/apps/${id}`, 303);
}

const messages = { limited: 'The limits hold from the app’s very next call.' };

async function connectedAppPage(c: PageContext, view: GrantView, complaints: Complaints) {
  const { deps, visitor } = c.var;
  const now = deps.clock();
  const { grant, client } = view;
  const isActive = grantStatus(grant, now) === 'active';
  const invalid = isInvalid(complaints);
  const states = isActive ? await readStates(deps.store.budgets, budgetsOfGrant(grant), now) : [];
  const lent = await deps.store.credentials.listHeldBy(client.id);
  const goesOn = (await deps.store.clients.findClient(client.id))?.paysWhenUsedUp ?? false;
  const calls = await deps.store.records.listCalls(
    { grantId: grant.id },
    { before: null, limit: callsShown },
  );
  return c.html(
    <Layout title={client.name} visitor={visitor} place="apps" invalid={invalid}>
      <a class="back" href="/apps">
        Connected apps
      </a>
      <Done what={invalid ? undefined : c.req.query('done')} messages={messages} />
      <ErrorSummary complaints={complaints} />
      <header class="page">
        <h1>
          <bdi>{client.name}</bdi>
        </h1>
        <GrantBadges view={view} now={now} />
      </header>
      {isActive && client.status === 'suspended' && (
        <Notice tone="danger">
          <p>
            This app is suspended here: its calls are refused until the operator lets it go on. You can wait
            for that, or revoke its access.
          </p>
        </Notice>
      )}
      <section class="card">
        <GrantFacts view={view} now={now} />
        {isActive && !grant.test && <PaidFor view={view} lent={lent} goesOn={goesOn} />}
        {states.length > 0 && (
          <>
            <h2>What is left</h2>
            <BudgetList states={states} />
            <p class="hint">
              Your limits over all apps are under <a href="/spending">Spending</a>.
            </p>
          </>
        )}
        {isActive && <ChangeLimits c={c} grant={grant} complaints={complaints} />}
        {isActive && <RevokeGrant view={view} csrf={visitor.csrf} />}
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
    invalid ? 422 : 200,
  );
}

/** What the app pays for itself, now or when limits are used up. */
function PaidFor(props: {
  readonly view: GrantView;
  /** The app's own keys. */
  readonly lent: readonly Credential[];
  readonly goesOn: boolean;
}) {
  const { view, lent, goesOn } = props;
  const { grant, credentials } = view;
  const lines = providersOfScopes(splitScope(grant.scope)).flatMap(({ name, title }) => {
    if (!grant.paidByApp.includes(name) || !lent.some(({ provider }) => provider === name)) return [];
    const isFree = !credentials.some(({ provider }) => provider === name);
    if (isFree) return [`The app pays for ${title} with a key of its own.`];
    return goesOn
      ? [`When a limit of yours in dollars is used up, it pays for ${title} itself, with a key of its own.`]
      : [];
  });
  return (
    <>
      {lines.map((line) => (
        <p>{line}</p>
      ))}
    </>
  );
}

function ChangeLimits(props: {
  readonly c: PageContext;
  readonly grant: Grant;
  readonly complaints: Complaints;
}) {
  const { c, grant, complaints } = props;
  const invalid = isInvalid(complaints);
  return (
    <details class="more" open={invalid}>
      <summary>Change the limits</summary>
      <Form action={`/apps/${grant.id}/limits`} csrf={c.var.visitor.csrf}>
        <p class="hint">
          An empty field means no limit. What you set holds from the next call on, on all your devices.
        </p>
        {providersOfScopes(splitScope(grant.scope)).map((provider) => {
          const held = grant.authorizationDetails.find((access) => access.provider === provider.name);
          return (
            <>
              <h2>{provider.title}</h2>
              <LimitFields
                provider={provider}
                texts={invalid ? typedTexts(c.var.form, provider.name) : limitTexts(held)}
                complaints={complaints}
              />
            </>
          );
        })}
        <button type="submit">Save the limits</button>
      </Form>
    </details>
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
