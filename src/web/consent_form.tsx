import type { Provider, ScopeRow } from '../catalog/provider.ts';
import type { Client, Credential, Grant, User } from '../store/records.ts';
import type { AnswerTarget } from './answer_target.ts';
import { Badge } from './components/badge.tsx';
import { keyLabel } from './components/credential.tsx';
import { type Complaints, ErrorSummary, Form, isInvalid, Select } from './components/form.tsx';
import { Notice } from './components/notice.tsx';
import { ScopeTicks } from './components/scopes.tsx';
import { Day } from './components/time.tsx';
import { Layout } from './layout.tsx';
import type { Visitor } from './page.ts';
import { withNext } from './return_path.ts';

/** How long a person can allow an app to go on. */
export const lives: Readonly<Record<string, { readonly label: string; readonly days: number | null }>> = {
  day: { label: 'One day', days: 1 },
  month: { label: '30 days', days: 30 },
  always: { label: 'Until I revoke it', days: null },
};

/** What is asked of one provider, and the keys that could serve. */
interface ProviderRequest {
  readonly provider: Provider;
  readonly scopes: readonly ScopeRow[];
  readonly keys: readonly Credential[];
  readonly chosen: string;
}

export interface ConsentProps {
  readonly visitor: Visitor;
  readonly path: string;
  readonly user: User;
  readonly client: Client;
  readonly target: AnswerTarget;
  /** What the app may do already. */
  readonly live: Grant | null;
  readonly providers: readonly ProviderRequest[];
  readonly ticked: readonly string[];
  readonly life: string;
  readonly complaints: Complaints;
}

export function Consent(props: ConsentProps) {
  const { visitor, path, user, client, target, live, providers, life, complaints } = props;
  const ready = providers.some(({ keys }) => keys.length > 0);
  return (
    <Layout
      title={`Let ${client.name} use your keys?`}
      visitor={visitor}
      width="narrow"
      invalid={isInvalid(complaints)}
    >
      <h1>
        Let <bdi>{client.name}</bdi> use your keys?
      </h1>
      <p class="lead">
        It can send requests that you pay for. It never sees a key. You are signed in as{' '}
        <bdi>{user.email}</bdi>.
      </p>
      <ErrorSummary complaints={complaints} />
      <WhoAsks client={client} target={target} />
      {live && (
        <p class="hint">
          It has had access since <Day at={live.createdAt} />. What you approve now takes the place of that.
        </p>
      )}
      <Form action={path} csrf={visitor.csrf} class="card">
        {providers.map((request) => (
          <AskedOf {...props} request={request} />
        ))}
        {ready && (
          <Select
            name="life"
            label="For how long"
            selected={life}
            complaint={complaints.life}
            options={Object.entries(lives).map(([value, { label }]) => ({ value, label }))}
          />
        )}
        <p class="actions">
          {ready && (
            <button type="submit" name="decision" value="approve">
              Approve
            </button>
          )}
          <button type="submit" name="decision" value="deny" class="quiet">
            Cancel
          </button>
        </p>
        <p class="hint">
          {target.kind === 'other_device' ? (
            'You then go back to your device.'
          ) : (
            <>
              You go back to <strong>{target.name}</strong>.
            </>
          )}{' '}
          You can watch what the app does and revoke it at any time under Apps.
        </p>
      </Form>
    </Layout>
  );
}

/** How far the app can be told from a fake. */
function WhoAsks({ client, target }: { readonly client: Client; readonly target: AnswerTarget }) {
  const place = {
    site: (
      <>
        The answer goes to <strong>{target.name}</strong>.
      </>
    ),
    this_computer: (
      <>
        The answer goes to a program on this computer (<strong>{target.name}</strong>). Any program here could
        pose as this app: approve only if you have just started it yourself.
      </>
    ),
    this_device: (
      <>
        The answer goes to whichever app on this device opens <strong>{`${target.name}:`}</strong> links.
        Approve only if you have just used it yourself.
      </>
    ),
    other_device: (
      <>
        It asks from a device that shows the code <strong>{target.name}</strong>. Approve only if you see this
        code on a device of your own: if somebody sent it to you, they would get to use your keys.
      </>
    ),
  }[target.kind];
  if (client.verified) {
    return (
      <Notice tone="plain">
        <p>
          <Badge tone="good">Verified app</Badge> {place}
        </p>
        <Origin client={client} />
      </Notice>
    );
  }
  return (
    <Notice tone="warning">
      <p>
        <Badge tone="warning">Not verified</Badge> Nobody here has checked who runs this app; its name is its
        own word. {place}
      </p>
      <Origin client={client} />
    </Notice>
  );
}

/** Since when the app is known, and where a document about it is from. */
function Origin({ client }: { readonly client: Client }) {
  return (
    <p>
      {client.freshUntil === null ? (
        'Registered here since '
      ) : (
        <>
          What it says of itself comes from <strong>{new URL(client.id).host}</strong>. Known here since{' '}
        </>
      )}
      <Day at={client.createdAt} />.
    </p>
  );
}

function AskedOf(props: ConsentProps & { readonly request: ProviderRequest }) {
  const { request, ticked, live, path, complaints } = props;
  const { provider, scopes, keys, chosen } = request;
  const allowed = live?.scope.split(' ');
  // Complaints lead to those of the first.
  const suffix = request === props.providers[0] ? '' : `-${provider.name}`;
  return (
    <>
      <ScopeTicks
        id={`scope${suffix}`}
        legend={`With your ${provider.title} key it may`}
        rows={scopes}
        ticked={ticked}
        fresh={allowed ? scopes.map(({ scope }) => scope).filter((scope) => !allowed.includes(scope)) : []}
        complaint={complaints.scope}
      />
      <KeyChoice
        id={`key${suffix}`}
        provider={provider}
        keys={keys}
        chosen={chosen}
        path={path}
        complaint={complaints.key}
      />
    </>
  );
}

function KeyChoice(props: {
  readonly id: string;
  readonly provider: Provider;
  readonly keys: readonly Credential[];
  readonly chosen: string;
  readonly path: string;
  readonly complaint: string | null | undefined;
}) {
  const { id, provider, keys, chosen, path, complaint } = props;
  const [only] = keys;
  if (!only) {
    return (
      <Notice tone="warning">
        <p>You have no key for {provider.title} here yet. Add one, and you come back to this page.</p>
        <a class="button" id={id} href={`${withNext('/keys/new', path)}&provider=${provider.name}`}>
          {`Add a key for ${provider.title}`}
        </a>
      </Notice>
    );
  }
  if (keys.length === 1) {
    return (
      <p class="fact" id={id}>
        <input type="hidden" name="key" value={only.id} />
        Key used: <strong>{keyOption(only)}</strong>
      </p>
    );
  }
  return (
    <Select
      id={id}
      name="key"
      label="Key used"
      selected={chosen}
      complaint={complaint}
      options={keys.map((key) => ({ value: key.id, label: keyOption(key) }))}
    />
  );
}

function keyOption(key: Credential): string {
  return keyLabel(key) + (key.status === 'invalid' ? ', refused by the provider' : '');
}
