import { providersOfScopes } from '../catalog/catalog.ts';
import { splitScope } from '../catalog/scope.ts';
import { isConfidential, jwksIn, replaceSecret } from '../grants/registration.ts';
import type { Client, User } from '../store/records.ts';
import { asUser } from './actor.ts';
import {
  ClientFields,
  clientComplaints,
  KeysField,
  readClient,
  scopeRows,
  type TypedClient,
} from './client_form.tsx';
import { Badge } from './components/badge.tsx';
import { Confirm } from './components/confirm.tsx';
import { type Complaints, ErrorSummary, Form, isInvalid, Tick } from './components/form.tsx';
import { LimitFields } from './components/limits.tsx';
import { Done, Notice } from './components/notice.tsx';
import { ScopeTicks } from './components/scopes.tsx';
import { typeTitles } from './developer.tsx';
import { Integration } from './integration.tsx';
import { Layout } from './layout.tsx';
import { limitTexts, typedTexts } from './limits.ts';
import { ModerationSection } from './moderation_section.tsx';
import { ClientSecret } from './new_app.tsx';
import type { PageContext, Visitor } from './page.ts';
import { Payment } from './payment_section.tsx';
import { notFound } from './problem.tsx';
import { Verification } from './verification_section.tsx';

/** One registered app, for its developer. */
export async function showRegisteredApp(c: PageContext, user: User) {
  const client = await ownClient(c, user);
  return client ? registeredAppPage(c, client, {}) : notFound(c);
}

export async function submitClientChange(c: PageContext, user: User) {
  const client = await ownClient(c, user);
  if (!client) return notFound(c);
  const { deps, form } = c.var;
  const typed = readClient(form, client.type);
  const jwks = jwksIn(typed.jwks);
  const complaints = {
    ...clientComplaints(typed),
    ...(client.jwks &&
      typed.jwks === null && { jwks: 'Without keys the app needs a secret: make one below.' }),
  };
  const settings = typedSettings(form);
  if (isInvalid(complaints)) {
    return registeredAppPage(c, client, complaints, { change: { ...typed, ...settings } });
  }
  const { name, redirectUris, scopes } = typed;
  const change = {
    name,
    redirectUris: [...new Set(redirectUris)],
    scope: scopes.join(' '),
    ...(jwks && { jwks }),
    ...settings,
  };
  await deps.store.clients.updateClient(client.id, change, asUser(user));
  return c.redirect(`/developer/${client.id}?done=changed`, 303);
}

export async function rotateSecret(c: PageContext, user: User) {
  const client = await ownClient(c, user);
  if (!client || !isConfidential(client)) return notFound(c);
  const { deps, visitor } = c.var;
  const secret = await replaceSecret(deps, client.id, asUser(user));
  if (secret === null) return notFound(c);
  return c.html(<ClientSecret visitor={visitor} client={client} secret={secret} />);
}

export async function deleteRegisteredApp(c: PageContext, user: User) {
  const client = await ownClient(c, user);
  if (!client) return notFound(c);
  const { store, vault } = c.var.deps;
  const ended = await store.clients.deleteClient(client.id, asUser(user));
  for (const holder of [client.id, ...(ended ?? [])]) vault.forget(holder);
  return c.redirect('/developer?done=deleted', 303);
}

function authenticationOf(client: Client): string {
  if (client.jwks) return 'PKCE and assertions signed with its own key';
  return client.secretHash === null ? 'PKCE, no secret' : 'PKCE and a client secret';
}

type Settings = Pick<Client, 'requiresPushedRequests' | 'requiresDpop'>;

function typedSettings(form: URLSearchParams): Settings {
  const isTicked = (name: string) => form.get(name) === 'on';
  return { requiresPushedRequests: isTicked('require_par'), requiresDpop: isTicked('require_dpop') };
}

/** The app of this address, if it is the user's own. */
export async function ownClient(c: PageContext, user: User): Promise<Client | null> {
  const client = await c.var.deps.store.clients.findClient(c.req.param('id') ?? '');
  return client?.ownerId === user.id ? client : null;
}

const messages = {
  registered: 'The app is registered.',
  changed: 'The changes are saved.',
  payment: 'Who pays is saved. It holds from the next call on.',
  moderation: 'What is done about harmful content is saved. It holds from the next call on.',
  asked: 'The operator sees your request.',
  proven: 'The token is there: the domain counts as yours.',
};

/** What was sent and comes back with complaints. */
interface Sent {
  readonly change?: TypedClient & Settings;
  readonly token?: URLSearchParams;
}

/** @param complaints about the change, about the test token that was asked for (`token`), or about a domain (`proof`) */
export async function registeredAppPage(
  c: PageContext,
  client: Client,
  complaints: Complaints,
  sent: Sent = {},
) {
  const { deps, visitor } = c.var;
  const { credentials } = deps.store;
  const path = `/developer/${client.id}`;
  const keys = client.ownerId === null ? [] : await credentials.listCredentials(client.ownerId);
  const lent = await credentials.listHeldBy(client.id);
  const invalid = isInvalid(complaints);
  const change = sent.change ?? {
    ...client,
    scopes: splitScope(client.scope),
    jwks: client.jwks ? JSON.stringify(client.jwks, null, 2) : null,
  };
  return c.html(
    <Layout title={client.name} visitor={visitor} place="developer" invalid={invalid}>
      <a class="back" href="/developer">
        Your registered apps
      </a>
      <Done what={invalid ? undefined : c.req.query('done')} messages={messages} />
      <ErrorSummary complaints={complaints} />
      <header class="page">
        <h1>
          <bdi>{client.name}</bdi>
        </h1>
        <span class="badges">
          {client.status === 'suspended' && <Badge tone="danger">Suspended</Badge>}
          {client.verified ? <Badge tone="good">Verified</Badge> : <Badge tone="warning">Not verified</Badge>}
        </span>
      </header>
      {client.status === 'suspended' && (
        <Notice tone="danger">
          <p>
            This app is suspended: its calls are refused, and nobody can connect it. Ask the operator of this
            site to let it go on; people who have connected it stay connected.
          </p>
        </Notice>
      )}
      <section class="card">
        <dl class="facts">
          <dt>Client id</dt>
          <dd>
            <code>{client.id}</code>
          </dd>
          <dt>Kind</dt>
          <dd>{typeTitles[client.type]}</dd>
          <dt>Authentication</dt>
          <dd>{authenticationOf(client)}</dd>
        </dl>
      </section>
      <TestToken client={client} path={path} visitor={visitor} complaints={complaints} sent={sent.token} />
      <section class="card">
        <h2>Connect people</h2>
        <Integration issuer={deps.config.issuer} client={client} />
      </section>
      <Payment client={client} path={path} visitor={visitor} keys={keys} lent={lent} />
      <ModerationSection
        client={client}
        path={path}
        visitor={visitor}
        everywhere={deps.config.moderation}
        flagged={await deps.store.clients.countFlagged(client.id)}
      />
      <Verification client={client} path={path} visitor={visitor} complaint={complaints.proof} />
      <section class="card">
        <h2>Settings</h2>
        <Form action={path} csrf={visitor.csrf}>
          <ClientFields client={change} complaints={complaints} />
          {isConfidential(client) && <KeysField client={change} complaint={complaints.jwks} />}
          <Tick
            name="require_par"
            label="Only take pushed authorization requests"
            hint="Your app sends its requests to /oauth/par first (RFC 9126), so that nobody can change them on the way through the browser."
            ticked={change.requiresPushedRequests}
          />
          <Tick
            name="require_dpop"
            label="Only give out tokens bound to a key"
            hint="Your app proves with each request that it holds the key (DPoP, RFC 9449), so that stolen tokens are of no use."
            ticked={change.requiresDpop}
          />
          <button type="submit">Save</button>
        </Form>
      </section>
      <Endings client={client} path={path} visitor={visitor} />
    </Layout>,
    invalid ? 422 : 200,
  );
}

function TestToken(props: {
  readonly client: Client;
  readonly path: string;
  readonly visitor: Visitor;
  readonly complaints: Complaints;
  readonly sent: URLSearchParams | undefined;
}) {
  const { client, path, visitor, complaints, sent } = props;
  const scopes = splitScope(client.scope);
  return (
    <section class="card" id="token">
      <h2>Try it with a test token</h2>
      <p>
        A token as your app would get it, for a sandbox key of yours: answers are simulated and cost nothing.
        No OAuth code needed yet.
      </p>
      <Form action={`${path}/token`} csrf={visitor.csrf}>
        <ScopeTicks
          legend="The token may"
          rows={scopeRows(scopes)}
          ticked={sent?.getAll('scope') ?? scopes}
          complaint={complaints.token}
          id="token-scope"
          named
        />
        {providersOfScopes(scopes).map((provider) => (
          <details class="more" open={sent !== undefined}>
            <summary>{`Limits with ${provider.title}`}</summary>
            <p class="hint">As a user would set them. An empty field means no limit.</p>
            <LimitFields
              provider={provider}
              texts={sent ? typedTexts(sent, provider.name) : limitTexts(undefined)}
              complaints={complaints}
            />
          </details>
        ))}
        <button type="submit">Make a test token</button>
      </Form>
    </section>
  );
}

function Endings({
  client,
  path,
  visitor,
}: {
  readonly client: Client;
  readonly path: string;
  readonly visitor: Visitor;
}) {
  return (
    <section class="card">
      <h2>Secret and deletion</h2>
      {isConfidential(client) && (
        <Confirm
          ask={client.jwks ? 'Use a secret instead of the keys…' : 'Replace the secret…'}
          act={client.jwks ? 'Make a secret' : 'Replace the secret'}
          action={`${path}/secret`}
          csrf={visitor.csrf}
        >
          <p>
            The {client.jwks ? 'keys stop' : 'old secret stops'} working at once. People stay connected; your
            server needs the new secret.
          </p>
        </Confirm>
      )}
      <Confirm ask="Delete the app…" act="Delete for good" action={`${path}/delete`} csrf={visitor.csrf}>
        <p>Everybody who connected it is disconnected. The client id never works again.</p>
      </Confirm>
    </section>
  );
}
