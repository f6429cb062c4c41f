import type { Child } from 'hono/jsx';
import { readStates } from '../ledger/budget_states.ts';
import { sha256 } from '../lib/hash.ts';
import type { ClientView } from '../store/contract/clients.ts';
import type { Moderation } from '../store/moderation.ts';
import type { Client, User } from '../store/records.ts';
import { asUser } from './actor.ts';
import { fieldName } from './budget_texts.ts';
import { Badge } from './components/badge.tsx';
import { Confirm } from './components/confirm.tsx';
import { ErrorSummary, Form } from './components/form.tsx';
import { Done } from './components/notice.tsx';
import { Day } from './components/time.tsx';
import { typeTitles } from './developer.tsx';
import { HolderBudgets, type RefusedBudgets, saveBudgets } from './holder_budgets.tsx';
import { Layout } from './layout.tsx';
import { flaggedInWords, ModerationChoice } from './moderation_section.tsx';
import type { PageContext, Visitor } from './page.ts';
import { notFound, problem } from './problem.tsx';

/** As many as one page shows; who waits for an answer comes first. */
export const mostAppsShown = 200;

const messages = {
  verified: 'The app is verified: people are told so, and any number of them can connect it.',
  unverified: 'The app is not verified any more. Who has connected it stays connected.',
  declined: 'The request is declined.',
  suspended: 'The app is suspended: its calls are refused from now on.',
  lifted: 'The app may go on.',
  deleted: 'The app is deleted and all its access has ended.',
  limited: 'The limits hold from the very next call of any of its users.',
  moderated: 'That is what is done about harmful content of the app at least, from its next call on.',
};

/** Every app, for the operator. */
export function showOperatorApps(c: PageContext) {
  return appsPage(c, null);
}

async function appsPage(c: PageContext, refused: RefusedBudgets | null) {
  const { deps, visitor } = c.var;
  const { budgets, clients } = deps.store;
  const views = await clients.listAllClients(mostAppsShown);
  const limits = await budgets.listBudgets(views.map(({ client }) => client.id));
  const states = await readStates(budgets, limits, deps.clock());
  return c.html(
    <Layout title="Apps here" visitor={visitor} place="operator" invalid={refused !== null}>
      <a class="back" href="/operator">
        Operator
      </a>
      <Done what={refused ? undefined : c.req.query('done')} messages={messages} />
      <h1>Apps here</h1>
      <ErrorSummary complaints={refused?.complaints ?? {}} />
      {views.length === mostAppsShown && (
        <p class="hint">The newest {mostAppsShown}, after those that wait for an answer.</p>
      )}
      {views.length === 0 ? (
        <p>There are none yet.</p>
      ) : (
        <ul class="rows">
          {views.map((view) => (
            <App view={view} visitor={visitor}>
              <HolderBudgets
                holder={view.client.id}
                states={states.filter(({ budget }) => budget.holder === view.client.id)}
                label="Limits for all its users together"
                action="/operator/apps/budgets"
                csrf={visitor.csrf}
                refused={refused}
              />
              <RequiredModeration
                client={view.client}
                csrf={visitor.csrf}
                everywhere={deps.config.moderation}
              />
            </App>
          ))}
        </ul>
      )}
    </Layout>,
    refused ? 422 : 200,
  );
}

/** Sets what all users of an app together may spend. */
export async function submitAppBudgets(c: PageContext, user: User) {
  const { deps, form } = c.var;
  const holder = form.get('holder') ?? '';
  if (!form.has(fieldName(holder, 'month')) || !(await deps.store.clients.findClient(holder))) {
    return notFound(c);
  }
  const refused = await saveBudgets(deps.store.budgets, form, holder, null, asUser(user));
  return refused ? appsPage(c, refused) : c.redirect('/operator/apps?done=limited', 303);
}

/** Does to an app what the operator has decided. */
export async function decideOnApp(c: PageContext, user: User) {
  const { deps, form } = c.var;
  const { clients } = deps.store;
  const id = form.get('client') ?? '';
  const by = asUser(user);
  const decision = form.get('decision') ?? '';
  switch (decision) {
    case 'verified': {
      const client = await clients.findClient(id);
      const isAsSeen = client && form.get('seen') === seen(client);
      if (!isAsSeen || !(await clients.setVerified(id, true, by, client))) return changed(c);
      break;
    }
    case 'unverified':
    case 'declined':
      await clients.setVerified(id, false, by);
      break;
    case 'suspended':
      await clients.setClientStatus(id, 'suspended', by);
      break;
    case 'lifted':
      await clients.setClientStatus(id, 'active', by);
      break;
    case 'deleted':
      for (const grantId of (await clients.deleteClient(id, by)) ?? []) deps.vault.forget(grantId);
      break;
    default:
      return notFound(c);
  }
  return c.redirect(`/operator/apps?done=${decision}`, 303);
}

/** What the operator vouches for: its owner may change it while they look at it. */
function seen({ name, redirectUris }: Client): string {
  return sha256(JSON.stringify([name, redirectUris]));
}

function changed(c: PageContext) {
  return problem(
    c,
    409,
    'The app is not what it was',
    <>
      <p>It has been changed or deleted since you saw it, so nothing was decided.</p>
      <a class="button quiet" href="/operator/apps">
        Look at it again
      </a>
    </>,
  );
}

function App(props: { readonly view: ClientView; readonly visitor: Visitor; readonly children: Child }) {
  const { view, visitor, children } = props;
  const { client, users, flagged } = view;
  return (
    <li>
      <div class="row-head">
        <span class="row-title">
          <bdi>{client.name}</bdi>
        </span>
        <span class="badges">
          {client.verificationAskedAt !== null && <Badge tone="plain">Asks for verification</Badge>}
          {client.status === 'suspended' && <Badge tone="danger">Suspended</Badge>}
          {client.verified ? <Badge tone="good">Verified</Badge> : <Badge tone="warning">Not verified</Badge>}
        </span>
      </div>
      <p class="meta">
        {typeTitles[client.type]}, {origin(view)}, since <Day at={client.createdAt} />.{' '}
        {users === 1 ? '1 person has' : `${users} people have`} connected it.{' '}
        {flagged > 0 && flaggedInWords(flagged)}
      </p>
      <p class="meta">
        Answers go to <strong>{placesOf(client).join(', ')}</strong>. {proofOf(client)}
      </p>
      <p class="meta">
        <code>{client.id}</code>
      </p>
      <Form action="/operator/apps" csrf={visitor.csrf} class="actions">
        <input type="hidden" name="client" value={client.id} />
        <input type="hidden" name="seen" value={seen(client)} />
        {client.verified ? (
          <Decide decision="unverified">Take the verification back</Decide>
        ) : (
          <Decide decision="verified">Verify</Decide>
        )}
        {client.verificationAskedAt !== null && <Decide decision="declined">Decline</Decide>}
        {client.status === 'suspended' ? (
          <Decide decision="lifted">Lift the suspension</Decide>
        ) : (
          <Decide decision="suspended">Suspend</Decide>
        )}
      </Form>
      {children}
      <Confirm ask="Delete the app…" act="Delete for good" action="/operator/apps" csrf={visitor.csrf}>
        <input type="hidden" name="client" value={client.id} />
        <input type="hidden" name="decision" value="deleted" />
        <p>Everybody who connected it is disconnected. The client id never works again.</p>
      </Confirm>
    </li>
  );
}

function RequiredModeration(props: {
  readonly client: Client;
  readonly csrf: string;
  /** What is done for every app at least. */
  readonly everywhere: Moderation;
}) {
  const { client, csrf, everywhere } = props;
  return (
    <details class="more">
      <summary>Harmful content</summary>
      <Form action="/operator/apps/moderation" csrf={csrf}>
        <input type="hidden" name="client" value={client.id} />
        <ModerationChoice
          id={`moderation-${client.id}`}
          label="When content is found harmful, at least"
          selected={client.requiredModeration}
        />
        {everywhere !== 'off' && (
          <p class="hint">
            For every app here such calls are {everywhere === 'flag' ? 'flagged' : 'refused'} at least.
          </p>
        )}
        <button type="submit" class="quiet small">
          Save what is done
        </button>
      </Form>
    </details>
  );
}

function Decide({
  decision,
  children,
}: {
  readonly decision: Exclude<keyof typeof messages, 'limited' | 'moderated'>;
  readonly children: string;
}) {
  return (
    <button type="submit" name="decision" value={decision} class="quiet small">
      {children}
    </button>
  );
}

function origin({ client, ownerEmail }: ClientView): string {
  if (ownerEmail !== null) return `registered by ${ownerEmail}`;
  return client.freshUntil === null ? 'registered by itself' : 'known by its document';
}

/** The hosts, or schemes of apps on a device, that an app redirects to. */
function placesOf({ redirectUris }: Client): readonly string[] {
  return [...new Set(redirectUris.map((uri) => new URL(uri)).map(({ host, protocol }) => host || protocol))];
}

function proofOf({ verificationToken, domainProvenAt }: Client) {
  if (verificationToken === null) return null;
  if (domainProvenAt === null) return 'Its owner has not shown these to be theirs.';
  return (
    <>
      Its owner showed these to be theirs on <Day at={domainProvenAt} />.
    </>
  );
}
