import { deleteCookie, setCookie } from 'hono/cookie';
import { sessionCookie } from '../accounts/cookies.ts';
import { endSession } from '../accounts/session.ts';
import { signIn } from '../accounts/sign_in.ts';
import { deleteExpiredKeys } from '../vault/key_life.ts';
import { ErrorSummary, Field, Form } from './components/form.tsx';
import { Layout } from './layout.tsx';
import type { PageContext, Visitor } from './page.ts';
import { tooMany } from './problem.tsx';
import { returnPath, withNext } from './return_path.ts';

export async function showSignIn(c: PageContext) {
  const { deps, visitor } = c.var;
  const next = returnPath(c.req.query('next'));
  if (visitor.user) return c.redirect(next ?? '/apps', 303);
  const signUpOpen = await deps.store.accounts.isOpen('sign_up');
  return c.html(<SignIn visitor={visitor} next={next} signUpOpen={signUpOpen} />);
}

export async function submitSignIn(c: PageContext) {
  const { deps, visitor, form } = c.var;
  const next = returnPath(form.get('next'));
  const email = form.get('email') ?? '';
  const result = await signIn(deps, {
    email,
    password: form.get('password') ?? '',
    address: visitor.address,
    previousToken: visitor.sessionToken,
  });
  switch (result.kind) {
    case 'signed_in':
      return enter(c, result.token, next);
    case 'too_many':
      return tooMany(c, result.retryAfter);
    case 'wrong': {
      const signUpOpen = await deps.store.accounts.isOpen('sign_up');
      return c.html(
        <SignIn visitor={visitor} next={next} signUpOpen={signUpOpen} email={email} wrong />,
        422,
      );
    }
  }
}

export async function signOut(c: PageContext) {
  const { deps, visitor } = c.var;
  if (visitor.sessionToken) await endSession(deps, visitor.sessionToken);
  await deleteExpiredKeys(deps);
  const { name, attributes } = sessionCookie(deps.config);
  deleteCookie(c, name, { path: attributes.path, secure: attributes.secure });
  return c.redirect('/', 303);
}

/** Hands the browser its new session and sends it on. */
export function enter(c: PageContext, sessionToken: string, next: string | null) {
  const { name, attributes } = sessionCookie(c.var.deps.config);
  setCookie(c, name, sessionToken, attributes);
  return c.redirect(next ?? '/apps', 303);
}

function SignIn(props: {
  readonly visitor: Visitor;
  readonly next: string | null;
  readonly signUpOpen: boolean;
  readonly email?: string;
  readonly wrong?: boolean;
}) {
  const { visitor, next, signUpOpen, email = '', wrong = false } = props;
  return (
    <Layout title="Sign in" visitor={visitor} width="narrow" invalid={wrong}>
      <section class="card">
        <h1>Sign in</h1>
        {wrong && (
          <ErrorSummary
            complaints={{ email: 'The address or the password is wrong. Check both and try again.' }}
          />
        )}
        <Form action="/sign-in" csrf={visitor.csrf}>
          {next && <input type="hidden" name="next" value={next} />}
          <Field
            name="email"
            label="Email address"
            type="email"
            value={email}
            autocomplete="username"
            required
          />
          <Field name="password" label="Password" type="password" autocomplete="current-password" required />
          <button type="submit">Sign in</button>
        </Form>
      </section>
      <p class="aside">
        {signUpOpen ? (
          <>
            No account yet? <a href={withNext('/sign-up', next)}>Make one</a>.
          </>
        ) : (
          'No account yet? Ask the operator of this site for an invitation.'
        )}
      </p>
    </Layout>
  );
}
