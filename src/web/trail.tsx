import type { AuditAction } from '../store/audit.ts';
import type { AuditEvent, User } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { keyLabel, providerTitle } from './components/credential.tsx';
import { Time } from './components/time.tsx';

const eventsShown = 12;

/** An event, and the app or key that it is about as far as its user knows it. */
interface NamedEvent {
  readonly event: AuditEvent;
  readonly name: string | undefined;
}

/** What happened lately to a user's account, keys and apps, newest first. */
export async function readTrail(
  { records, grants, credentials, clients }: Pick<Store, 'records' | 'grants' | 'credentials' | 'clients'>,
  { id: userId }: User,
): Promise<readonly NamedEvent[]> {
  const [events, views, keys, registered] = await Promise.all([
    records.listAuditEvents({ userId }, eventsShown),
    grants.listGrants({ userId }),
    credentials.listCredentials(userId),
    clients.listClients(userId),
  ]);
  const names = new Map([
    ...[...views.map(({ client }) => client), ...registered].map(({ id, name }) => [id, name] as const),
    ...views.map(({ grant, client }) => [grant.id, client.name] as const),
    ...keys.map((key) => [key.id, keyLabel(key)] as const),
  ]);
  return events.map((event) => ({ event, name: nameIn(event, names) }));
}

/** A deleted key is known by its provider alone. */
function nameIn({ subject, detail }: AuditEvent, names: ReadonlyMap<string, string>): string | undefined {
  const { client, grant, provider } = detail;
  const named = [subject, client, grant]
    .map((id) => names.get(String(id)))
    .find((name) => name !== undefined);
  return named ?? (typeof provider === 'string' ? providerTitle(provider) : undefined);
}

/** Events in words. */
export function Trail({ events }: { readonly events: readonly NamedEvent[] }) {
  return (
    <ul class="rows compact">
      {events.map(({ event, name }) => (
        <li>
          <span>
            {inWords(event)}
            {name !== undefined && (
              <>
                : <bdi>{name}</bdi>
              </>
            )}
          </span>
          <span class="meta">
            <Time at={event.at} />
          </span>
        </li>
      ))}
    </ul>
  );
}

/** What happened, by itself or by what the trail keeps of it. */
type Words = string | ((detail: AuditEvent['detail']) => string);

const actions: Readonly<Record<string, Words>> = {
  'user.created': 'Account made',
  'user.password_changed': 'Password changed',
  'user.status_changed': ({ status }) =>
    status === 'suspended' ? 'Account suspended' : 'Suspension of the account lifted',
  'session.started': 'Signed in',
  'session.ended': 'Signed out',
  'session.ended_all': 'Signed out everywhere',
  'invitation.created': 'Invitation made',
  'invitation.deleted': 'Invitation withdrawn',
  'settings.sign_up_changed': 'Sign-up opened or closed',
  'settings.registration_changed': 'Registration of apps by themselves opened or closed',
  'settings.client_documents_changed': 'Apps known by a document allowed or refused',
  'credential.deposited': 'Key deposited',
  'credential.replaced': 'Key replaced',
  'credential.updated': 'Key renamed, billed elsewhere or kept otherwise',
  'credential.status_changed': ({ status }) =>
    status === 'invalid' ? 'Key refused by its provider' : 'Key checked by use',
  'credential.quota_changed': ({ exhausted }) =>
    exhausted ? 'Quota of a key used up' : 'Quota of a key there again',
  'credential.deleted': 'Key deleted',
  'credential.expired': 'Key kept no longer, and deleted',
  'client.created': 'App registered',
  'client.updated': 'Registered app changed',
  'client.status_changed': ({ status, flagged }) => {
    if (status !== 'suspended') return 'Suspension of a registered app lifted';
    return flagged === undefined ? 'Registered app suspended' : 'Registered app suspended for flagged calls';
  },
  'client.secret_replaced': 'Secret of a registered app replaced',
  'client.key_lent': 'Registered app pays with a key of yours',
  'client.key_withdrawn': 'Registered app pays no more for a provider',
  'client.verification_asked': 'Verification of a registered app asked for',
  'client.domain_proven': 'Domain of a registered app shown to be its owner’s',
  'client.verification_changed': ({ verified }) =>
    verified ? 'Registered app verified' : 'Registered app not verified, or no longer',
  'client.deleted': 'Registered app deleted',
  'grant.approved': 'App connected',
  'grant.approved_silently': 'Connected app connected again',
  'grant.created': 'Access given without the consent page',
  'grant.denied': 'App turned down',
  'grant.limits_changed': 'Limits of an app changed',
  'grant.revoked': 'Access of an app ended',
  'budget.set': 'Budget set',
  'budget.removed': 'Budget removed',
  'budget.reached': ({ percent }) => (percent === 100 ? 'Budget used up' : `${percent} % of a budget used`),
  'family.started': 'App received its tokens',
  'family.revoked': 'Tokens of an app ended',
  'refresh.reused': 'Used-up refresh token presented again: its tokens were ended',
  'code.replayed': 'Used-up code presented again: its tokens were ended',
  'signing_key.added': 'Signing key added',
  'signing_key.withdrawn': 'Signing key withdrawn',
  'store.restored': 'Everything restored from a backup',
} satisfies Record<AuditAction, Words>;

/** Another version of the broker may have written what this one has no words for. */
function inWords({ action, detail }: AuditEvent): string {
  const words = actions[action] ?? action;
  return typeof words === 'string' ? words : words(detail);
}
