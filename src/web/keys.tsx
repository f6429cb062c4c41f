import type { Credential, User } from '../store/records.ts';
import { KeyState, KeyTrouble, LastFour, providerTitle } from './components/credential.tsx';
import { Done } from './components/notice.tsx';
import { Keeping } from './key_keeping.tsx';
import { Layout } from './layout.tsx';
import type { PageContext } from './page.ts';

interface KeyRow {
  readonly credential: Credential;
  readonly use: KeyUse;
}

/** Names of apps. */
export interface KeyUse {
  /** Those that can use the key for its owner. */
  readonly by: readonly string[];
  /** Those of its owner that pay with it for people without a key. */
  readonly pays: readonly string[];
}

/** The keys a user has deposited. */
export async function showKeys(c: PageContext, user: User) {
  const { deps, visitor } = c.var;
  const rows = await Promise.all(
    (await deps.store.credentials.listCredentials(user.id)).map(async (credential) => ({
      credential,
      use: await keyUse(deps.store, credential),
    })),
  );
  return c.html(
    <Layout title="Keys" visitor={visitor} place="keys">
      <Done what={c.req.query('done')} messages={messages} />
      <header class="page">
        <h1>Keys</h1>
        {rows.length > 0 && (
          <a class="button" href="/keys/new">
            Add a key
          </a>
        )}
      </header>
      {rows.length === 0 ? <NoKeys /> : <KeyList rows={rows} />}
    </Layout>,
  );
}

/** Which apps a key serves now. */
export async function keyUse(
  { credentials, clients }: PageContext['var']['deps']['store'],
  { id, userId }: Credential,
): Promise<KeyUse> {
  const grants = await credentials.listGrantsOf(id);
  const connected = await Promise.all(grants.map((grant) => clients.findClient(grant.clientId)));
  const own = await Promise.all(
    (await clients.listClients(userId)).map(async (client) => ({
      name: client.name,
      pays: (await credentials.listHeldBy(client.id)).some((lent) => lent.id === id),
    })),
  );
  return {
    by: [...new Set(connected.flatMap((client) => (client ? [client.name] : [])))],
    pays: own.filter(({ pays }) => pays).map(({ name }) => name),
  };
}

const messages = {
  saved: 'The key is saved. Apps can ask to use it now.',
  deleted: 'The key is deleted for good. Nothing can open it any more.',
};

function KeyList({ rows }: { readonly rows: readonly KeyRow[] }) {
  return (
    <ul class="rows">
      {rows.map(({ credential, use }) => (
        <li>
          <div class="row-head">
            <a class="row-title" href={`/keys/${credential.id}`}>
              {credential.name}
            </a>
            <span class="badges">
              <KeyState credential={credential} />
            </span>
          </div>
          <p class="meta parts">
            <span>
              {providerTitle(credential.provider)} <LastFour last4={credential.last4} />
            </span>
            <span>
              Fingerprint <code>{credential.fingerprint}</code>
            </span>
            {credential.expiresAt !== null && (
              <span>
                Kept <Keeping of={credential} />
              </span>
            )}
          </p>
          <p class="meta parts">
            {(use.by.length > 0 || use.pays.length === 0) && (
              <span>{use.by.length === 0 ? 'No app uses it.' : `Used by ${use.by.join(', ')}`}</span>
            )}
            {use.pays.length > 0 && <span>Pays for {use.pays.join(', ')}</span>}
          </p>
          <KeyTrouble credential={credential} />
        </li>
      ))}
    </ul>
  );
}

function NoKeys() {
  return (
    <section class="card empty">
      <h2>No keys yet</h2>
      <p>
        Deposit a provider key once, and any app can ask to use it: with your consent, within your limits, and
        without ever seeing it.
      </p>
      <a class="button" href="/keys/new">
        Add your first key
      </a>
    </section>
  );
}
