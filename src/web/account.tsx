import { deleteCookie } from 'hono/cookie';
import { changePassword } from '../accounts/change_password.ts';
import { sessionCookie } from '../accounts/cookies.ts';
import { startSession } from '../accounts/session.ts';
import type { User } from '../store/records.ts';
import { deleteExpiredKeys } from '../vault/key_life.ts';
import { asUser } from './actor.ts';
import { type Complaints, ErrorSummary, Field, Form, isInvalid } from './components/form.tsx';
import { Done, Notice } from './components/notice.tsx';
import { Layout } from './layout.tsx';
import type { PageContext, Visitor } from './page.ts';
import { tooMany } from './problem.tsx';
import { enter } from './sign_in.tsx';
import { readTrail, Trail } from './trail.tsx';

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
  const events = await readTrail(deps.store, user);
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
      <Trail events={events} />
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
