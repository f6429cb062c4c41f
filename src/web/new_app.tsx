import { registerClient } from '../grants/registration.ts';
import type { Client, ClientType, User } from '../store/records.ts';
import { asUser } from './actor.ts';
import { ClientFields, clientComplaints, KeysField, readClient, type TypedClient } from './client_form.tsx';
import { type Complaints, ErrorSummary, Form, isInvalid } from './components/form.tsx';
import { Notice } from './components/notice.tsx';
import { Snippet } from './components/snippet.tsx';
import { typeTitles } from './developer.tsx';
import { Layout } from './layout.tsx';
import type { PageContext, Visitor } from './page.ts';

const suggestedScopes = ['openai:models.read', 'openai:text'];

export function showNewApp(c: PageContext) {
  const empty: TypedClient = { name: '', type: 'web', redirectUris: [], jwks: null, scopes: suggestedScopes };
  return c.html(<NewApp visitor={c.var.visitor} client={empty} complaints={{}} />);
}

export async function submitNewApp(c: PageContext, user: User) {
  const { deps, visitor, form } = c.var;
  const type = typeOf(form.get('type'));
  const typed = readClient(form, type ?? 'web');
  const complaints = {
    type: type === undefined ? 'Choose what kind of app it is.' : null,
    ...clientComplaints(typed),
  };
  if (isInvalid(complaints)) {
    return c.html(<NewApp visitor={visitor} client={typed} complaints={complaints} />, 422);
  }
  const result = await registerClient(
    deps,
    user.id,
    { ...typed, scope: typed.scopes.join(' ') },
    asUser(user),
  );
  if (result.kind === 'refused') {
    return c.html(<NewApp visitor={visitor} client={typed} complaints={{ name: result.complaint }} />, 422);
  }
  const { client, secret } = result;
  if (secret === null) return c.redirect(`/developer/${client.id}?done=registered`, 303);
  return c.html(<ClientSecret visitor={visitor} client={client} secret={secret} />);
}

/** The one time that an app's secret is shown. */
export function ClientSecret(props: {
  readonly visitor: Visitor;
  readonly client: Pick<Client, 'id' | 'name'>;
  readonly secret: string;
}) {
  const { visitor, client, secret } = props;
  return (
    <Layout title="Client secret" visitor={visitor} place="developer" width="narrow">
      <h1>
        Secret of <bdi>{client.name}</bdi>
      </h1>
      <section class="card">
        <Notice tone="warning">
          <p>Copy the secret now: it is shown this once. Keep it on your server, out of code and browsers.</p>
        </Notice>
        <Snippet id="client-id" label="Client id" text={client.id} />
        <Snippet id="client-secret" label="Client secret" text={secret} />
        <a class="button" href={`/developer/${client.id}`}>
          I have copied it
        </a>
      </section>
    </Layout>
  );
}

const kinds: readonly { readonly type: ClientType; readonly about: string }[] = [
  { type: 'web', about: 'Its server keeps a client secret or a private key.' },
  { type: 'spa', about: 'Runs in the browser alone; PKCE, no secret.' },
  { type: 'native', about: 'Runs on people’s own devices; PKCE, no secret.' },
];

function typeOf(typed: string | null): ClientType | undefined {
  return kinds.find(({ type }) => type === typed)?.type;
}

function NewApp(props: {
  readonly visitor: Visitor;
  readonly client: TypedClient;
  readonly complaints: Complaints;
}) {
  const { visitor, client, complaints } = props;
  return (
    <Layout
      title="Register an app"
      visitor={visitor}
      place="developer"
      width="narrow"
      invalid={isInvalid(complaints)}
    >
      <a class="back" href="/developer">
        Your registered apps
      </a>
      <h1>Register an app</h1>
      <ErrorSummary complaints={complaints} />
      <Form action="/developer/new" csrf={visitor.csrf} class="card">
        <fieldset class="ticks" id="type">
          <legend>Kind of app</legend>
          {complaints.type && <p class="complaint">{complaints.type}</p>}
          {kinds.map(({ type, about }) => (
            <label>
              <input type="radio" name="type" value={type} checked={type === client.type} />
              <span>
                {typeTitles[type]}
                <small>{about}</small>
              </span>
            </label>
          ))}
        </fieldset>
        <ClientFields client={client} complaints={complaints} />
        <KeysField client={client} complaint={complaints.jwks} />
        <button type="submit">Register</button>
      </Form>
    </Layout>
  );
}
