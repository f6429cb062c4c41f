import { providers } from '../catalog/catalog.ts';
import { Layout } from './layout.tsx';
import type { PageContext } from './page.ts';

/** What this is, for who comes without an account; the others go to their apps. */
export async function showHome(c: PageContext) {
  const { deps, visitor } = c.var;
  if (visitor.user) return c.redirect('/apps', 303);
  const { accounts } = deps.store;
  const [signUpOpen, users] = await Promise.all([accounts.isOpen('sign_up'), accounts.countUsers()]);
  return c.html(
    <Layout title="Your AI keys, lent by the ticket" visitor={visitor}>
      <section class="hero">
        <h1>Leave your API key at the door. Hand apps a ticket.</h1>
        <p class="lead">
          Coatcheck keeps your AI provider keys and lets apps use them without ever seeing them. You decide
          what each app may do, watch every call it makes, and end it at once.
        </p>
        <p class="actions">
          <a class="button" href="/sign-in">
            Sign in
          </a>
          {signUpOpen && (
            <a class="button quiet" href="/sign-up">
              Make an account
            </a>
          )}
        </p>
        {!signUpOpen && <p class="hint">{howToJoin(users)}</p>}
      </section>
      <ol class="steps">
        <li>
          <h2>Deposit a key</h2>
          <p>Paste a provider key once. It is checked, encrypted, and never shown again.</p>
        </li>
        <li>
          <h2>Approve an app</h2>
          <p>
            The app sends you here. You see who it is and what it asks for, untick what you don’t want, and
            choose for how long.
          </p>
        </li>
        <li>
          <h2>Watch and revoke</h2>
          <p>
            Every call is on record with its cost. One button ends an app’s access with its very next call.
          </p>
        </li>
      </ol>
      <section class="card">
        <h2>Building an app?</h2>
        <p>
          Register it here, send people through OAuth with PKCE, and call{' '}
          {providers.map(({ mount }, index) => (
            <>
              {index > 0 && ' or '}
              <code>{deps.config.issuer + mount}</code>
            </>
          ))}{' '}
          with the provider’s own SDK. Nobody has to paste a key into your app again. Test tokens against a
          simulated provider cost nothing.
        </p>
      </section>
    </Layout>,
  );
}

function howToJoin(users: number): string {
  return users === 0
    ? 'Nobody has an account here yet. The operator makes the first one with the set-up link that the server gave when it started.'
    : 'Accounts are by invitation: ask the operator of this site for one.';
}
