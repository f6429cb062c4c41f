import { newId } from '../lib/ids.ts';
import type { GrantTerms } from './contract/grants.ts';
import type { Gate } from './gate.ts';
import type { Actor, AuditEvent } from './records.ts';

/** Everything the audit trail can tell: what was acted on, a dot, what happened to it. */
export type AuditAction =
  | 'user.created'
  | 'user.password_changed'
  | 'user.status_changed'
  | 'session.started'
  | 'session.ended'
  | 'session.ended_all'
  | 'invitation.created'
  | 'invitation.deleted'
  | `settings.${Gate}_changed`
  | 'credential.deposited'
  | 'credential.replaced'
  | 'credential.updated'
  | 'credential.status_changed'
  | 'credential.quota_changed'
  | 'credential.expired'
  | 'credential.deleted'
  | 'client.created'
  | 'client.updated'
  | 'client.status_changed'
  | 'client.secret_replaced'
  | 'client.key_lent'
  | 'client.key_withdrawn'
  | 'client.verification_asked'
  | 'client.domain_proven'
  | 'client.verification_changed'
  | 'client.deleted'
  | 'grant.approved'
  | 'grant.approved_silently'
  | 'grant.created'
  | 'grant.denied'
  | 'grant.limits_changed'
  | 'grant.revoked'
  | 'budget.set'
  | 'budget.removed'
  | 'budget.reached'
  | 'family.started'
  | 'family.revoked'
  | 'refresh.reused'
  | 'code.replayed'
  | 'signing_key.added'
  | 'signing_key.withdrawn'
  | 'store.restored';

/** How an actor is written in the trail: `user:usr_…`, `client:cli_…`, `command_line` or `system`. */
function actorName(actor: Actor): string {
  return 'id' in actor ? `${actor.kind}:${actor.id}` : actor.kind;
}

/** What a change tells the trail. `detail` must hold no secret. */
export type AuditEntry = Pick<AuditEvent, 'at' | 'subject' | 'userId'> & {
  readonly actor: Actor;
  readonly action: AuditAction;
  readonly detail?: AuditEvent['detail'];
};

/** The event as it is kept. */
export function auditEvent({ actor, detail = {}, ...entry }: AuditEntry): AuditEvent {
  return { ...entry, id: newId('aud', entry.at), actor: actorName(actor), detail };
}

/** What the trail keeps of what a user allowed. */
export function allowedDetail(terms: GrantTerms): AuditEvent['detail'] {
  const { clientId: client, scope, test, authorizationDetails } = terms;
  const limits = authorizationDetails.length > 0 ? { limits: JSON.stringify(authorizationDetails) } : {};
  return { client, scope, test, ...limits };
}
