import { openLink } from '../accounts/invitations.ts';
import { startSession } from '../accounts/session.ts';
import { type SignUpWay, signUp } from '../accounts/sign_up.ts';
import { type Complaints, ErrorSummary, Field, Form, isInvalid } from './components/form.tsx';
import { Layout } from './layout.tsx';
import type { PageContext, Visitor } from './page.ts';
import { problem, tooMany } from './problem.tsx';
import { returnPath, withNext } from './return_path.ts';
import { enter } from './sign_in.tsx';

export async function showSignUp(c: PageContext) {
  const { deps, visitor } = c.var;
  if (visitor.user) return alreadySignedIn(c);
  const way = wayOf(c);
  const next = returnPath(c.req.query('next'));
  if (way.kind === 'open') {
    if (!(await deps.store.accounts.isOpen('sign_up'))) return notOpen(c, way);
    return c.html(<SignUp visitor={visitor} way={way} next={next} complaints={{}} />);
  }
  const opened = await openLink(deps, { ...way, address: visitor.address });
  switch (opened.kind) {
    case 'open': {
      const { email } = opened.invitation;
      return c.html(<SignUp visitor={visitor} way={way} next={next} boundTo={email} complaints={{}} />);
    }
    case 'not_open':
      return notOpen(c, way);
    case 'too_many':
      return tooMany(c, opened.retryAfter);
  }
}

export async function submitSignUp(c: PageContext) {
  const { deps, visitor, form } = c.var;
  if (visitor.user) return alreadySignedIn(c);
  const way = wayOf(c);
  const next = returnPath(form.get('next'));
  const email = form.get('email') ?? '';
  const result = await signUp(deps, way, {
    email,
    password: form.get('password') ?? '',
    address: visitor.address,
  });
  switch (result.kind) {
    case 'signed_up':
      return enter(c, await startSession(deps, result.user.id, visitor.sessionToken), next ?? '/keys');
    case 'not_open':
      return notOpen(c, way);
    case 'too_many':
      return tooMany(c, result.retryAfter);
    case 'complaints': {
      const complaints = { email: result.email, password: result.password };
      return c.html(
        <SignUp visitor={visitor} way={way} next={next} email={email} complaints={complaints} />,
        422,
      );
    }
  }
}

/** `/setup/:token`, `/invite/:token` or `/sign-up`. */
function wayOf(c: PageContext): SignUpWay {
  const token = c.req.param('token');
  if (token === undefined) return { kind: 'open' };
  return { kind: c.req.path.startsWith('/setup/') ? 'setup' : 'invite', token };
}

function pathOf(way: SignUpWay): string {
  return way.kind === 'open' ? '/sign-up' : `/${way.kind}/${encodeURIComponent(way.token)}`;
}

function alreadySignedIn(c: PageContext) {
  return problem(
    c,
    409,
    'You are signed in already',
    <>
      <p>To make another account, sign out first and open the link again.</p>
      <a class="button" href="/apps">
        Go to your apps
      </a>
    </>,
  );
}

function notOpen(c: PageContext, way: SignUpWay) {
  const advice = {
    open: 'Ask the operator of this site for an invitation.',
    invite: 'Invitations work once, for seven days. Ask the operator of this site for a new one.',
    setup:
      'Set-up links work once, for an hour, and only as long as there is no account. Restart the server to get a new one.',
  }[way.kind];
  return problem(
    c,
    way.kind === 'open' ? 403 : 410,
    way.kind === 'open' ? 'Sign-up is closed' : 'This link does not work any more',
    <>
      <p>{advice}</p>
      <a class="button" href="/sign-in">
        Sign in
      </a>
    </>,
  );
}

function SignUp(props: {
  readonly visitor: Visitor;
  readonly way: SignUpWay;
  readonly next: string | null;
  readonly complaints: Complaints;
  readonly email?: string;
  /** The only address that may use this link. */
  readonly boundTo?: string | null;
}) {
  const { visitor, way, next, complaints, email = '', boundTo = null } = props;
  const title = way.kind === 'setup' ? 'Set up this broker' : 'Make an account';
  return (
    <Layout title={title} visitor={visitor} width="narrow" invalid={isInvalid(complaints)}>
      <section class="card">
        <h1>{title}</h1>
        {way.kind === 'setup' && (
          <p>This first account is the operator’s: it decides who else may have one.</p>
        )}
        <ErrorSummary complaints={complaints} />
        <Form action={pathOf(way)} csrf={visitor.csrf}>
          {next && <input type="hidden" name="next" value={next} />}
          <Field
            name="email"
            label="Email address"
            type="email"
            value={boundTo ?? email}
            readonly={boundTo !== null}
            autocomplete="username"
            complaint={complaints.email}
            required
          />
          <Field
            name="password"
            label="Password"
            type="password"
            hint="At least 10 characters. A few words that belong together only for you are good."
            autocomplete="new-password"
            complaint={complaints.password}
            required
          />
          <button type="submit">Make the account</button>
        </Form>
      </section>
      <p class="aside">
        Have an account? <a href={withNext('/sign-in', next)}>Sign in</a>.
      </p>
    </Layout>
  );
}
