import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import { icon, script, styleSheet } from './assets.ts';
import { Form } from './components/form.tsx';
import { Mark } from './components/mark.tsx';
import type { Visitor } from './page.ts';

/** The places of the main navigation. */
export type Place = 'apps' | 'keys' | 'activity' | 'spending' | 'developer' | 'operator' | 'account';

const places: readonly { readonly place: Place; readonly path: string; readonly label: string }[] = [
  { place: 'apps', path: '/apps', label: 'Apps' },
  { place: 'keys', path: '/keys', label: 'Keys' },
  { place: 'activity', path: '/activity', label: 'Activity' },
  { place: 'spending', path: '/spending', label: 'Spending' },
  { place: 'developer', path: '/developer', label: 'Developer' },
];

interface LayoutProps {
  readonly title: string;
  /** Left out where nobody's session counts, as on error pages. */
  readonly visitor?: Visitor;
  /** Where in the navigation this page belongs. */
  readonly place?: Place;
  /** `narrow` for one form or one message, `wide` for tables. */
  readonly width?: 'narrow' | 'wide';
  /** Set when the page comes back with complaints, so that the title says so first. */
  readonly invalid?: boolean;
  readonly children?: Child;
}

/** The frame around every page. */
export function Layout({ title, visitor, place, width, invalid, children }: LayoutProps) {
  return (
    <>
      {raw('<!DOCTYPE html>')}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{`${invalid ? 'Error: ' : ''}${title} · Coatcheck`}</title>
          <link rel="icon" href={icon.path} type={icon.type} />
          <link rel="stylesheet" href={styleSheet.path} />
          <script src={script.path} defer></script>
        </head>
        <body>
          <a class="skip" href="#main">
            Skip to the content
          </a>
          <Header visitor={visitor} place={place} />
          <main id="main" class={width}>
            {children}
          </main>
          <footer>
            <p>Your keys stay here. Apps get a ticket.</p>
          </footer>
        </body>
      </html>
    </>
  );
}

function Header({
  visitor,
  place,
}: {
  readonly visitor: Visitor | undefined;
  readonly place: Place | undefined;
}) {
  const user = visitor?.user;
  return (
    <header class="site">
      <a class="brand" href="/">
        <Mark />
        Coatcheck
      </a>
      {visitor && user && (
        <>
          <nav aria-label="Main">
            <ul>
              {places.map((item) => (
                <NavItem {...item} current={item.place === place} />
              ))}
              {user.operator && <NavItem path="/operator" label="Operator" current={place === 'operator'} />}
            </ul>
          </nav>
          <div class="account">
            <a href="/account" title={user.email} aria-current={place === 'account' ? 'page' : undefined}>
              Account
            </a>
            <Form action="/sign-out" csrf={visitor.csrf}>
              <button type="submit" class="link">
                Sign out
              </button>
            </Form>
          </div>
        </>
      )}
      {visitor && !user && (
        <div class="account">
          <a href="/sign-in">Sign in</a>
        </div>
      )}
    </header>
  );
}

function NavItem(item: { readonly path: string; readonly label: string; readonly current: boolean }) {
  return (
    <li>
      <a href={item.path} aria-current={item.current ? 'page' : undefined}>
        {item.label}
      </a>
    </li>
  );
}
