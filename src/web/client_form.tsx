import { allScopes, findScope, providers } from '../catalog/catalog.ts';
import type { Provider } from '../catalog/provider.ts';
import {
  jwksComplaint,
  longestName,
  nameComplaint,
  type Registration,
  redirectUrisComplaint,
} from '../grants/registration.ts';
import type { ClientType } from '../store/records.ts';
import { type Complaints, Field, TextArea } from './components/form.tsx';
import { ScopeTicks } from './components/scopes.tsx';

/** What a developer typed of an app. */
export type TypedClient = Omit<Registration, 'scope'> & { readonly scopes: readonly string[] };

/** Reads a submitted registration. @param type of the app, which does not change once it is registered */
export function readClient(form: URLSearchParams, type: ClientType): TypedClient {
  return {
    name: (form.get('name') ?? '').trim(),
    type,
    redirectUris: (form.get('redirect_uris') ?? '').split(/\s+/).filter((uri) => uri !== ''),
    jwks: (form.get('jwks') ?? '').trim() || null,
    scopes: allScopes.filter((scope) => form.getAll('scope').includes(scope)),
  };
}

export function clientComplaints({ name, type, redirectUris, scopes, jwks }: TypedClient): Complaints {
  return {
    name: nameComplaint(name),
    redirect_uris: redirectUrisComplaint(redirectUris, type),
    jwks: jwksComplaint({ type, jwks }),
    scope: scopes.length === 0 ? 'Tick at least one thing that the app may ask for.' : null,
  };
}

const webUriHint =
  'One to a line, exactly as your app sends it: https, or http://127.0.0.1 while you develop (any port).';
const uriHints: Record<ClientType, string> = {
  web: webUriHint,
  spa: webUriHint,
  native:
    'One to a line: http://127.0.0.1/… (any port), a scheme of your domain turned round such as com.example.app:/callback, or https.',
};

/** What can be said of an app, and changed later. */
export function ClientFields({
  client,
  complaints,
}: {
  readonly client: TypedClient;
  readonly complaints: Complaints;
}) {
  return (
    <>
      <Field
        name="name"
        label="Name"
        hint="What people see when your app asks for access."
        value={client.name}
        maxlength={longestName}
        autocomplete="off"
        complaint={complaints.name}
        required
      />
      <TextArea
        name="redirect_uris"
        label="Redirect URIs"
        hint={uriHints[client.type]}
        value={client.redirectUris.join('\n')}
        rows={3}
        complaint={complaints.redirect_uris}
        required
      />
      {providers.map((provider, index) => (
        <ProviderScopes
          provider={provider}
          ticked={client.scopes}
          isFirst={index === 0}
          complaints={complaints}
        />
      ))}
    </>
  );
}

/** What an app may ask of one provider; folded up while that is nothing. */
function ProviderScopes(props: {
  readonly provider: Provider;
  readonly ticked: readonly string[];
  readonly isFirst: boolean;
  readonly complaints: Complaints;
}) {
  const { provider, ticked, isFirst, complaints } = props;
  const { name, title, scopes } = provider;
  const isOpen = scopes.some(({ scope }) => ticked.includes(scope));
  const ticks = (
    <ScopeTicks
      id={isFirst ? 'scope' : `scope-${name}`}
      legend={`It may ask to, with ${title}`}
      rows={scopes}
      ticked={ticked}
      complaint={isFirst ? complaints.scope : null}
      named
    />
  );
  if (isFirst || isOpen) return ticks;
  return (
    <details class="more">
      <summary>{title}</summary>
      {ticks}
    </details>
  );
}

/** The public keys of a web app that has none to share with us. */
export function KeysField({
  client,
  complaint,
}: {
  readonly client: TypedClient;
  readonly complaint: Complaints[string];
}) {
  return (
    <TextArea
      name="jwks"
      label="Public keys, in place of a secret"
      hint="For a web app that signs with a private key (private_key_jwt): its public keys as a JWK Set. Leave empty for a client secret."
      value={client.jwks ?? ''}
      rows={3}
      complaint={complaint}
    />
  );
}

/** The rows of an app's registered scopes. */
export function scopeRows(scopes: readonly string[]) {
  return scopes.flatMap((scope) => findScope(scope) ?? []);
}
