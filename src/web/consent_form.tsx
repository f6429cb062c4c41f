import { providersOfScopes } from '../catalog/catalog.ts';
import type { Provider, ScopeRow } from '../catalog/provider.ts';
import { joinScope, splitScope } from '../catalog/scope.ts';
import type { Client, Credential, Grant, ProviderAccess, User } from '../store/records.ts';
import type { AnswerTarget } from './answer_target.ts';
import { type Complaints, ErrorSummary, Form, isInvalid, Select } from './components/form.tsx';
import { LimitFields } from './components/limits.tsx';
import { Notice } from './components/notice.tsx';
import { ScopeTicks, scopeInWords } from './components/scopes.tsx';
import { Day } from './components/time.tsx';
import { addKeyPath, KeyChoice } from './key_choice.tsx';
import { Layout } from './layout.tsx';
import { hasComplaint, type LimitTexts, limitTexts } from './limits.ts';
import type { Visitor } from './page.ts';
import { WhoAsks } from './who_asks.tsx';

/** How long a person can allow an app to go on. */
export const lives: Readonly<Record<string, { readonly label: string; readonly days: number | null }>> = {
  day: { label: 'One day', days: 1 },
  month: { label: '30 days', days: 30 },
  always: { label: 'Until I revoke it', days: null },
};

/** The choice that a grant was made by. */
export function lifeOf({ expiresAt, updatedAt }: Grant): string {
  if (expiresAt === null) return 'always';
  return expiresAt - updatedAt > 86_400_000 ? 'month' : 'day';
}

/** What is asked of one provider, and the keys that could serve. */
interface ProviderRequest {
  readonly provider: Provider;
  readonly scopes: readonly ScopeRow[];
  readonly keys: readonly Credential[];
  readonly chosen: string;
  /** The app has a key of its own, which serves where the user has none. */
  readonly isPaidFor: boolean;
  /** What the app proposes. */
  readonly proposed: ProviderAccess | undefined;
  /** What the fields for limits hold. */
  readonly limits: LimitTexts;
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
  /** Those that judge first what the app sends. */
  readonly judges: readonly Provider[];
  readonly complaints: Complaints;
}

export function Consent(props: ConsentProps) {
  const { visitor, path, user, client, target, live, providers, life, judges, complaints } = props;
  const ready = providers.some(({ keys, isPaidFor }) => keys.length > 0 || isPaidFor);
  const isFree = providers.every(({ keys, isPaidFor }) => keys.length === 0 && isPaidFor);
  const title = isFree ? `Let ${client.name} work for you?` : `Let ${client.name} use your keys?`;
  return (
    <Layout title={title} visitor={visitor} width="narrow" invalid={isInvalid(complaints)}>
      <h1>
        Let <bdi>{client.name}</bdi> {isFree ? 'work for you' : 'use your keys'}?
      </h1>
      <p class="lead">
        {isFree
          ? 'It sends requests for you and pays for them itself: you need no key.'
          : 'It can send requests that you pay for. It never sees a key.'}{' '}
        You are signed in as <bdi>{user.email}</bdi>.
      </p>
      <ErrorSummary complaints={complaints} />
      <WhoAsks client={client} target={target} />
      {live && <SoFar live={live} providers={providers} />}
      <Form action={path} csrf={visitor.csrf} class="card">
        {providers.map((request) => (
          <AskedOf {...props} request={request} />
        ))}
        {ready && (
          <Select
            name="life"
            label="For how long"
            selected={life}
            hint={live && <Ends live={live} />}
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
          {judges.length > 0 &&
            ` What it sends is first checked for harmful content by ${judges.map(({ title }) => title).join(' and ')}.`}
        </p>
      </Form>
    </Layout>
  );
}

/** What a repeated request is about to change. */
function SoFar({ live, providers }: { readonly live: Grant; readonly providers: ConsentProps['providers'] }) {
  const asked = providers.flatMap(({ scopes }) => scopes.map(({ scope }) => scope));
  const dropped = splitScope(live.scope).filter((scope) => !asked.includes(scope));
  return (
    <Notice tone="plain">
      <p>
        It has had access since <Day at={live.createdAt} />. What you approve now takes the place of that, on
        all your devices.
      </p>
      {dropped.length > 0 && (
        <p>
          No longer asked for, and so no longer allowed:{' '}
          <strong>{scopeInWords(joinScope(dropped), true).join('; ')}</strong>.
        </p>
      )}
    </Notice>
  );
}

function Ends({ live: { expiresAt } }: { readonly live: Grant }) {
  if (expiresAt === null) return 'Now: until you revoke it.';
  return (
    <>
      Now: until <Day at={expiresAt} />.
    </>
  );
}

function AskedOf(props: ConsentProps & { readonly request: ProviderRequest }) {
  const { request, providers, ticked, live, path, complaints } = props;
  const { provider, scopes, keys, chosen, isPaidFor } = request;
  const isFree = keys.length === 0 && isPaidFor;
  const allowed = live ? splitScope(live.scope) : null;
  return (
    <div class="part">
      <ScopeTicks
        id={`${provider.name}_scope`}
        legend={isFree ? `With ${provider.title} it may` : `With your ${provider.title} key it may`}
        rows={scopes}
        ticked={ticked}
        fresh={allowed ? scopes.map(({ scope }) => scope).filter((scope) => !allowed.includes(scope)) : []}
        complaint={complaints[`${provider.name}_scope`]}
      />
      {isPaidFor && <PaidFor {...props} />}
      {!isFree && (
        <KeyChoice
          provider={provider}
          keys={keys}
          asked={scopes.map(({ scope }) => scope)}
          chosen={chosen}
          path={path}
          isAlone={providers.length === 1}
          complaint={complaints[`${provider.name}_key`]}
        />
      )}
      {(keys.length > 0 || isPaidFor) && <LimitsOn {...props} />}
    </div>
  );
}

/** The field that names the providers of which the page says that the app pays for them. */
export const toldOfPayer = 'told_of_payer';

/** Says what the app pays for itself. */
function PaidFor({ request, client, path }: ConsentProps & { readonly request: ProviderRequest }) {
  const { provider, keys } = request;
  if (keys.length === 0) {
    return (
      <Notice tone="plain">
        <p>
          <bdi>{client.name}</bdi> pays for {provider.title} with a key of its own. You pay nothing, and
          limits in dollars do not apply. Whoever makes it may see these requests at {provider.title}.
        </p>
        <a href={addKeyPath(provider, path)}>{`Use a key of yours for ${provider.title} instead`}</a>
        <input type="hidden" name={toldOfPayer} value={provider.name} />
      </Notice>
    );
  }
  if (!client.paysWhenUsedUp) return null;
  return (
    <Notice tone="plain">
      <p>
        You pay for {provider.title}. When a limit of yours in dollars is used up, <bdi>{client.name}</bdi>{' '}
        goes on with a key of its own and pays itself; your other limits hold. Whoever makes it may see those
        requests at {provider.title}.
      </p>
      <input type="hidden" name={toldOfPayer} value={provider.name} />
    </Notice>
  );
}

/** Folded away unless there is something to see. */
function LimitsOn({ request, live, complaints }: ConsentProps & { readonly request: ProviderRequest }) {
  const { provider, proposed, limits } = request;
  const isAllowed = live && providersOfScopes(splitScope(live.scope)).includes(provider);
  const held = limitTexts(live?.authorizationDetails.find((access) => access.provider === provider.name));
  const isSet = [...Object.values(limits), ...Object.values(held)].some(Boolean);
  return (
    <details class="more" open={isSet || hasComplaint(complaints, provider.name)}>
      <summary>{`Limits with ${provider.title}`}</summary>
      <p class="hint">
        {proposed ? 'Proposed by the app; change them as you like.' : 'The app proposes none; set your own.'}{' '}
        An empty field means no limit. You can change them at any time.
      </p>
      <LimitFields
        provider={provider}
        texts={limits}
        held={isAllowed ? held : null}
        proposed={limitTexts(proposed)}
        complaints={complaints}
      />
    </details>
  );
}
