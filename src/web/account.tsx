import { deleteCookie } from 'hono/cookie';
import { changePassword } from '../accounts/change_password.ts';
import { sessionCookie } from '../accounts/cookies.ts';
import { startSession } from '../accounts/session.ts';
import type { AuditAction } from '../store/audit.ts';
import type { AuditEvent, User } from '../store/records.ts';
import { deleteExpiredKeys } from '../vault/key_life.ts';
import { asUser } from './actor.ts';
import { type Complaints, ErrorSummary, Field, Form, isInvalid } from './components/form.tsx';
import { Done, Notice } from './components/notice.tsx';
import { Time } from './components/time.tsx';
import { Layout } from './layout.tsx';
import type { PageContext, Visitor } from './page.ts';
import { tooMany } from './problem.tsx';
import { enter } from './sign_in.tsx';

const eventsShown = 12;

export function showAccount(c: PageContext, user: User) {
  return accountPage(c, user, {});
}

export async function submitPassword(c: PageContext, user: User) {
  const { deps, visitor, form } = c.var;
  const passwords = { current: form.get('current') ?? '', next: form.get('new') ?? '' };
  const result = await changePassword(deps, user, passwords, visitor.address);
  switch (result.kind) {
    case 'changed':
      // Every session has ended, this one too: the browser that did it gets a new one.
      return enter(c, await startSession(deps, user.id, undefined), '/account?done=password');
    case 'too_many':
      return tooMany(c, result.retryAfter);
    case 'complaints':
      return accountPage(c, user, { current: result.current, new: result.next });
  }
}

export async function signOutEverywhere(c: PageContext, user: User) {
  const { deps } = c.var;
  await deps.store.accounts.endAllSessions(user.id, asUser(user));
  await deleteExpiredKeys(deps);
  const { name, attributes } = sessionCookie(deps.config);
  deleteCookie(c, name, { path: attributes.path, secure: attributes.secure });
  return c.redirect('/', 303);
}

const messages = { password: 'Your password is changed. You are signed out everywhere else.' };

async function accountPage(c: PageContext, user: User, complaints: Complaints) {
  const { deps, visitor } = c.var;
  const events = await deps.store.records.listAuditEvents({ userId: user.id }, eventsShown);
  const invalid = isInvalid(complaints);
  return c.html(
    <Layout title="Account" visitor={visitor} place="account" invalid={invalid}>
      <Done what={invalid ? undefined : c.req.query('done')} messages={messages} />
      <h1>Account</h1>
      <p class="lead">
        You are signed in as <bdi>{user.email}</bdi>
        {user.operator && ', the operator'}.
      </p>
      <ErrorSummary complaints={complaints} />
      <PasswordChange visitor={visitor} complaints={complaints} />
      <SignOutEverywhere visitor={visitor} />
      <h2>What happened lately</h2>
      <ul class="rows compact">
        {events.map((event) => (
          <li>
            <span>{inWords(event)}</span>
            <span class="meta">
              <Time at={event.at} />
            </span>
          </li>
        ))}
      </ul>
    </Layout>,
    invalid ? 422 : 200,
  );
}

function PasswordChange(props: { readonly visitor: Visitor; readonly complaints: Complaints }) {
  const { visitor, complaints } = props;
  return (
    <section class="card">
      <h2>Change your password</h2>
      <Notice tone="warning">
        <p>
          This signs you out everywhere else and disconnects every app, in case somebody else has been at your
          account. You connect the apps again afterwards. Your keys stay.
        </p>
      </Notice>
      <Form action="/account/password" csrf={visitor.csrf}>
        <Field
          name="current"
          label="Current password"
          type="password"
          autocomplete="current-password"
          complaint={complaints.current}
          required
        />
        <Field
          name="new"
          label="New password"
          type="password"
          hint="At least 10 characters."
          autocomplete="new-password"
          complaint={complaints.new}
          required
        />
        <button type="submit">Change the password</button>
      </Form>
    </section>
  );
}

function SignOutEverywhere({ visitor }: { readonly visitor: Visitor }) {
  return (
    <section class="card">
      <h2>Sign out everywhere</h2>
      <p>
        Ends your sign-ins on every device, this one too. Connected apps go on, but for keys that you keep
        only until you sign out.
      </p>
      <Form action="/account/sign-out" csrf={visitor.csrf}>
        <button type="submit" class="quiet">
          Sign out everywhere
        </button>
      </Form>
    </section>
  );
}

const actionsInWords: Readonly<Record<string, string>> = {
  'user.created': 'Account made',
  'user.password_changed': 'Password changed',
  'user.status_changed': 'Account suspended or restored',
  'session.started': 'Signed in',
  'session.ended': 'Signed out',
  'session.ended_all': 'Signed out everywhere',
  'invitation.created': 'Invitation made',
  'invitation.deleted': 'Invitation withdrawn',
  'settings.sign_up_changed': 'Sign-up opened or closed',
  'settings.registration_changed': 'Registration of apps by themselves opened or closed',
  'settings.client_documents_changed': 'Apps known by a document allowed or refused',
  'credential.deposited': 'Key deposited',
  'credential.replaced': 'Key replaced',
  'credential.updated': 'Key renamed, billed elsewhere or kept otherwise',
  'credential.status_changed': 'Key checked by use',
  'credential.quota_changed': 'Quota of a key found used up, or there again',
  'credential.deleted': 'Key deleted',
  'credential.expired': 'Key kept no longer, and deleted',
  'client.created': 'App registered',
  'client.updated': 'Registered app changed',
  'client.status_changed': 'Registered app suspended or restored',
  'client.secret_replaced': 'Secret of a registered app replaced',
  'client.key_lent': 'Registered app pays with a key of yours',
  'client.key_withdrawn': 'Registered app pays no more for a provider',
  'client.verification_asked': 'Verification of a registered app asked for',
  'client.domain_proven': 'Domain of a registered app shown to be its owner’s',
  'client.verification_changed': 'Registered app verified, or no longer',
  'client.deleted': 'Registered app deleted',
  'grant.approved': 'App connected',
  'grant.approved_silently': 'Connected app connected again',
  'grant.created': 'Access given without the consent page',
  'grant.denied': 'App turned down',
  'grant.limits_changed': 'Limits of an app changed',
  'grant.revoked': 'Access of an app ended',
  'budget.set': 'Budget set',
  'budget.removed': 'Budget removed',
  'budget.reached': 'Half, four fifths or all of a budget used',
  'family.started': 'App received its tokens',
  'family.revoked': 'Tokens of an app ended',
  'refresh.reused': 'Used-up refresh token presented again: its tokens were ended',
  'code.replayed': 'Used-up code presented again: its tokens were ended',
  'signing_key.added': 'Signing key added',
  'signing_key.withdrawn': 'Signing key withdrawn',
  'store.restored': 'Everything restored from a backup',
} satisfies Record<AuditAction, string>;

/** Another version of the broker may have written what this one has no words for. */
function inWords({ action }: AuditEvent): string {
  return actionsInWords[action] ?? action;
}
