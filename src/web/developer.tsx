import type { Client, User } from '../store/records.ts';
import { Badge } from './components/badge.tsx';
import { Done } from './components/notice.tsx';
import { Day } from './components/time.tsx';
import { Layout } from './layout.tsx';
import type { PageContext } from './page.ts';

/** The apps that a developer has registered. */
export async function showDeveloper(c: PageContext, user: User) {
  const { deps, visitor } = c.var;
  const clients = await deps.store.clients.listClients(user.id);
  return c.html(
    <Layout title="Your registered apps" visitor={visitor} place="developer">
      <Done
        what={c.req.query('done')}
        messages={{ deleted: 'The app is deleted and all its access has ended.' }}
      />
      <header class="page">
        <h1>Your registered apps</h1>
        {clients.length > 0 && (
          <a class="button" href="/developer/new">
            Register an app
          </a>
        )}
      </header>
      {clients.length === 0 ? <NoClients /> : <ClientList clients={clients} />}
    </Layout>,
  );
}

export const typeTitles: Record<Client['type'], string> = {
  web: 'Web app with a server',
  spa: 'Single-page app',
  native: 'Native or command-line app',
};

function ClientList({ clients }: { readonly clients: readonly Client[] }) {
  return (
    <ul class="rows">
      {clients.map((client) => (
        <li>
          <div class="row-head">
            <a class="row-title" href={`/developer/${client.id}`}>
              <bdi>{client.name}</bdi>
            </a>
            <span class="badges">
              {client.status === 'suspended' && <Badge tone="danger">Suspended</Badge>}
              {client.verified ? (
                <Badge tone="good">Verified</Badge>
              ) : (
                <Badge tone="warning">Not verified</Badge>
              )}
            </span>
          </div>
          <p class="meta">
            {typeTitles[client.type]}, since <Day at={client.createdAt} />
          </p>
          <p class="meta">
            <code>{client.id}</code>
          </p>
        </li>
      ))}
    </ul>
  );
}

function NoClients() {
  return (
    <section class="card empty">
      <h2>Building something?</h2>
      <p>
        Register your app, and people connect it with their own AI keys in two clicks. It gets short-lived
        tokens, never a key. Test tokens against a simulated provider cost nothing.
      </p>
      <a class="button" href="/developer/new">
        Register an app
      </a>
    </section>
  );
}
