import { emailComplaint, normalizeEmail } from '../accounts/email.ts';
import { type InvitationLink, invite } from '../accounts/invitations.ts';
import type { Invitation, User } from '../store/records.ts';
import { asUser } from './actor.ts';
import { Badge } from './components/badge.tsx';
import { type Complaints, ErrorSummary, Field, Form, isInvalid } from './components/form.tsx';
import { Done, Notice } from './components/notice.tsx';
import { Snippet } from './components/snippet.tsx';
import { Table } from './components/table.tsx';
import { Day, Time } from './components/time.tsx';
import { Layout } from './layout.tsx';
import type { PageContext, Visitor } from './page.ts';

export function showOperator(c: PageContext) {
  return operatorPage(c, {});
}

export async function submitSignUpSetting(c: PageContext, user: User) {
  const { deps, form } = c.var;
  const open = form.get('sign_up') === 'open';
  await deps.store.accounts.setOpen('sign_up', open, asUser(user));
  return c.redirect(`/operator?done=${open ? 'opened' : 'closed'}`, 303);
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

const messages = {
  opened: 'Anybody can make an account now.',
  closed: 'New accounts are by invitation now.',
  withdrawn: 'The invitation is withdrawn.',
};

async function operatorPage(
  c: PageContext,
  state: { readonly complaints?: Complaints; readonly typed?: string; readonly link?: InvitationLink },
) {
  const { deps, visitor } = c.var;
  const { complaints = {}, typed = '', link } = state;
  const { accounts } = deps.store;
  const [users, invitations, signUpOpen] = await Promise.all([
    accounts.listUsers(),
    accounts.listInvitations(),
    accounts.isOpen('sign_up'),
  ]);
  const now = deps.clock();
  const waiting = invitations.filter(
    ({ kind, usedAt, expiresAt }) => kind === 'invite' && usedAt === null && expiresAt > now,
  );
  const invalid = isInvalid(complaints);
  return c.html(
    <Layout title="Operator" visitor={visitor} place="operator" invalid={invalid}>
      <Done what={c.req.method === 'GET' ? c.req.query('done') : undefined} messages={messages} />
      <h1>Operator</h1>
      <ErrorSummary complaints={complaints} />
      {link && <NewLink link={link} />}
      <SignUpSetting visitor={visitor} open={signUpOpen} />
      <InvitationForm visitor={visitor} typed={typed} complaint={complaints.email} />
      {waiting.length > 0 && <Waiting visitor={visitor} invitations={waiting} />}
      <h2>Accounts</h2>
      <Table
        caption="All accounts"
        columns={[
          { label: 'Address', cell: (user: User) => user.email },
          { label: 'Since', cell: ({ createdAt }: User) => <Day at={createdAt} /> },
          { label: 'Role', cell: (user: User) => <Role user={user} /> },
        ]}
        rows={users}
      />
    </Layout>,
    invalid ? 422 : 200,
  );
}

function SignUpSetting({ visitor, open }: { readonly visitor: Visitor; readonly open: boolean }) {
  return (
    <section class="card">
      <h2>Sign-up</h2>
      <p>
        {open
          ? 'Open: anybody who finds this site can make an account.'
          : 'Closed: new accounts are by invitation.'}
      </p>
      <Form action="/operator/sign-up" csrf={visitor.csrf}>
        <button type="submit" name="sign_up" value={open ? 'closed' : 'open'} class="quiet">
          {open ? 'Close sign-up' : 'Open sign-up'}
        </button>
      </Form>
    </section>
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
