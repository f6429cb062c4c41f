import { emailComplaint, normalizeEmail } from '../accounts/email.ts';
import { type InvitationLink, invite } from '../accounts/invitations.ts';
import type { Gate } from '../store/gate.ts';
import type { Invitation, User } from '../store/records.ts';
import { asUser } from './actor.ts';
import { Badge } from './components/badge.tsx';
import { type Complaints, ErrorSummary, Field, Form, isInvalid } from './components/form.tsx';
import { Done, Notice } from './components/notice.tsx';
import { Snippet } from './components/snippet.tsx';
import { Table } from './components/table.tsx';
import { Day, Time } from './components/time.tsx';
import { Layout } from './layout.tsx';
import { mostAppsShown } from './operator_apps.tsx';
import type { PageContext, Visitor } from './page.ts';
import { notFound } from './problem.tsx';

export function showOperator(c: PageContext) {
  return operatorPage(c, {});
}

export async function submitGate(c: PageContext, user: User) {
  const { deps, form } = c.var;
  const row = gates.find(({ gate }) => gate === form.get('gate'));
  if (!row) return notFound(c);
  const open = form.get('state') === 'open';
  await deps.store.accounts.setOpen(row.gate, open, asUser(user));
  return c.redirect(`/operator?done=${row.gate}_${open ? 'opened' : 'closed'}`, 303);
}

export async function submitUserStatus(c: PageContext, user: User) {
  const { deps, form } = c.var;
  const id = form.get('user') ?? '';
  const status = form.get('status');
  // Whoever locks themselves out has nobody to let them in again.
  if (id === user.id || (status !== 'active' && status !== 'suspended')) return notFound(c);
  await deps.store.accounts.setUserStatus(id, status, asUser(user));
  return c.redirect(`/operator?done=user_${status}`, 303);
}

export async function submitInvitation(c: PageContext, user: User) {
  const { deps, form } = c.var;
  const typed = form.get('email') ?? '';
  const email = normalizeEmail(typed) || null;
  const complaint = email === null ? null : emailComplaint(email);
  if (complaint) return operatorPage(c, { complaints: { email: complaint }, typed });
  return operatorPage(c, { link: await invite(deps, user.id, email) });
}

export async function withdrawInvitation(c: PageContext, user: User) {
  const { deps, form } = c.var;
  await deps.store.accounts.deleteInvitation(form.get('invitation') ?? '', asUser(user));
  return c.redirect('/operator?done=withdrawn', 303);
}

/** What can be opened and closed, with what the page says of either. */
const gates = [
  {
    gate: 'sign_up',
    title: 'Sign-up',
    name: 'sign-up',
    open: 'Open: anybody who finds this site can make an account.',
    closed: 'Closed: new accounts are by invitation.',
  },
  {
    gate: 'registration',
    title: 'Apps that register themselves',
    name: 'registration',
    open: 'Open: any app can register itself (RFC 7591). Nobody here answers for it, and people are told so.',
    closed: 'Closed: apps are registered by people with an account.',
  },
  {
    gate: 'client_documents',
    title: 'Apps with a document',
    name: 'documents',
    open: 'Open: an app can use the https address of a document about it as its client id. Nobody here answers for it, and people are told so.',
    closed: 'Closed: an app has to be registered here.',
  },
] as const satisfies readonly ({ readonly gate: Gate } & Readonly<Record<string, string>>)[];

const messages = {
  sign_up_opened: 'Anybody can make an account now.',
  sign_up_closed: 'New accounts are by invitation now.',
  registration_opened: 'Apps can register themselves now.',
  registration_closed: 'Apps cannot register themselves any more. Those that have stay.',
  client_documents_opened: 'Apps with a document are let in now.',
  client_documents_closed: 'No more people can be connected to apps with a document. Who is stays connected.',
  user_suspended: 'The account is suspended: its sign-ins and the calls of its apps are refused from now on.',
  user_active: 'The account may go on.',
  withdrawn: 'The invitation is withdrawn.',
};

async function operatorPage(
  c: PageContext,
  state: { readonly complaints?: Complaints; readonly typed?: string; readonly link?: InvitationLink },
) {
  const { deps, visitor } = c.var;
  const { complaints = {}, typed = '', link } = state;
  const { accounts } = deps.store;
  const [clients, users, invitations, states] = await Promise.all([
    deps.store.clients.listAllClients(mostAppsShown),
    accounts.listUsers(),
    accounts.listInvitations(),
    Promise.all(gates.map(async (row) => ({ row, isOpen: await accounts.isOpen(row.gate) }))),
  ]);
  const now = deps.clock();
  const waiting = invitations.filter(
    ({ kind, usedAt, expiresAt }) => kind === 'invite' && usedAt === null && expiresAt > now,
  );
  const asking = clients.filter(({ client }) => client.verificationAskedAt !== null).length;
  const invalid = isInvalid(complaints);
  return c.html(
    <Layout title="Operator" visitor={visitor} place="operator" invalid={invalid}>
      <Done what={c.req.method === 'GET' ? c.req.query('done') : undefined} messages={messages} />
      <h1>Operator</h1>
      <ErrorSummary complaints={complaints} />
      {link && <NewLink link={link} />}
      <section class="card">
        <h2>Apps</h2>
        <p>Verify, suspend or delete the apps that people connect here.</p>
        {asking > 0 && (
          <p>
            <strong>{asking === 1 ? '1 asks' : `${asking} ask`} for verification.</strong>
          </p>
        )}
        <a class="button quiet" href="/operator/apps">
          See all apps
        </a>
      </section>
      <InvitationForm visitor={visitor} typed={typed} complaint={complaints.email} />
      {waiting.length > 0 && <Waiting visitor={visitor} invitations={waiting} />}
      {states.map(({ row, isOpen }) => (
        <GateSetting visitor={visitor} row={row} isOpen={isOpen} />
      ))}
      <h2>Accounts</h2>
      <Table
        caption="All accounts"
        columns={[
          { label: 'Address', cell: (user: User) => user.email },
          { label: 'Since', cell: ({ createdAt }: User) => <Day at={createdAt} /> },
          { label: 'Role', cell: (user: User) => <Role user={user} /> },
          { label: 'Change', cell: (user: User) => <Suspension visitor={visitor} user={user} /> },
        ]}
        rows={users}
      />
    </Layout>,
    invalid ? 422 : 200,
  );
}

function GateSetting(props: {
  readonly visitor: Visitor;
  readonly row: (typeof gates)[number];
  readonly isOpen: boolean;
}) {
  const { visitor, row, isOpen } = props;
  return (
    <section class="card">
      <h2>{row.title}</h2>
      <p>{isOpen ? row.open : row.closed}</p>
      <Form action="/operator/gates" csrf={visitor.csrf}>
        <input type="hidden" name="gate" value={row.gate} />
        <button type="submit" name="state" value={isOpen ? 'closed' : 'open'} class="quiet">
          {isOpen ? `Close ${row.name}` : `Open ${row.name}`}
        </button>
      </Form>
    </section>
  );
}

function Suspension({ visitor, user }: { readonly visitor: Visitor; readonly user: User }) {
  if (visitor.user?.id === user.id) return <>You</>;
  const isSuspended = user.status === 'suspended';
  return (
    <Form action="/operator/users" csrf={visitor.csrf}>
      <input type="hidden" name="user" value={user.id} />
      <button type="submit" name="status" value={isSuspended ? 'active' : 'suspended'} class="quiet small">
        {isSuspended ? 'Lift the suspension' : 'Suspend'}
      </button>
    </Form>
  );
}

function InvitationForm(props: {
  readonly visitor: Visitor;
  readonly typed: string;
  readonly complaint: string | null | undefined;
}) {
  const { visitor, typed, complaint } = props;
  return (
    <section class="card">
      <h2>Invite somebody</h2>
      <Form action="/operator/invitations" csrf={visitor.csrf}>
        <Field
          name="email"
          label="Email address (optional)"
          type="email"
          hint="With an address, only that person can use the link. You pass the link on yourself: nothing is mailed."
          value={typed}
          autocomplete="off"
          complaint={complaint}
        />
        <button type="submit">Make a link</button>
      </Form>
    </section>
  );
}

function Waiting(props: { readonly visitor: Visitor; readonly invitations: readonly Invitation[] }) {
  const { visitor, invitations } = props;
  return (
    <>
      <h2>Invitations waiting</h2>
      <Table
        caption="Invitations that have not been used"
        columns={[
          { label: 'For', cell: (invitation: Invitation) => invitation.email ?? 'whoever has the link' },
          { label: 'Until', cell: ({ expiresAt }: Invitation) => <Day at={expiresAt} /> },
          {
            label: 'Change',
            cell: ({ hash }: Invitation) => (
              <Form action="/operator/invitations/withdraw" csrf={visitor.csrf}>
                <button type="submit" name="invitation" value={hash} class="quiet small">
                  Withdraw
                </button>
              </Form>
            ),
          },
        ]}
        rows={invitations}
      />
    </>
  );
}

function NewLink({ link }: { readonly link: InvitationLink }) {
  return (
    <Notice tone="good">
      <p>
        Here is the link. It is shown this once, makes one account, and works until{' '}
        <Time at={link.expiresAt} />.
      </p>
      <Snippet id="invitation-link" label="Invitation link" text={link.url} />
    </Notice>
  );
}

function Role({ user }: { readonly user: User }) {
  return (
    <span class="badges">
      <Badge tone="plain">{user.operator ? 'Operator' : 'User'}</Badge>
      {user.status === 'suspended' && <Badge tone="danger">Suspended</Badge>}
    </span>
  );
}
