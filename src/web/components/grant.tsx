import type { GrantView } from '../../store/contract/grants.ts';
import type { Grant, GrantEnd } from '../../store/records.ts';
import { grantStatus } from '../../store/standing.ts';
import { Badge } from './badge.tsx';
import { keyLabel } from './credential.tsx';
import { limitsInWords } from './limits.tsx';
import { dollars } from './money.ts';
import { scopeInWords } from './scopes.tsx';
import { Ago, Day } from './time.tsx';

export function GrantBadges({ view, now }: { readonly view: GrantView; readonly now: number }) {
  return (
    <span class="badges">
      {view.grant.test && <Badge tone="plain">Test</Badge>}
      {view.client.status === 'suspended' && <Badge tone="danger">Suspended</Badge>}
      {view.client.verified ? (
        <Badge tone="good">Verified app</Badge>
      ) : (
        <Badge tone="warning">Not verified</Badge>
      )}
      {grantStatus(view.grant, now) !== 'active' && <Badge tone="plain">Ended</Badge>}
    </span>
  );
}

/** A grant in a few lines: what it allows, on which key until when, and how much it has been used. */
export function GrantSummary({ view, now }: { readonly view: GrantView; readonly now: number }) {
  const { grant, credentials } = view;
  return (
    <>
      {scopeInWords(grant.scope).map((allowed) => (
        <p>May {allowed}</p>
      ))}
      {limitsInWords(grant.authorizationDetails).map((limits) => (
        <p class="meta">{`Limits with ${limits}`}</p>
      ))}
      <p class="meta parts">
        {credentials.map((credential) => (
          <span>{keyLabel(credential)}</span>
        ))}
        <span>
          Since <Day at={grant.createdAt} />
        </span>
        <span>
          {grantStatus(grant, now) === 'active' ? 'Ends ' : 'Ended '}
          <End grant={grant} />
        </span>
      </p>
      <p class="meta">
        <Use view={view} now={now} />
      </p>
    </>
  );
}

/** What a grant allows and what has been done with it, in full. */
export function GrantFacts({ view, now }: { readonly view: GrantView; readonly now: number }) {
  const { grant, credentials } = view;
  return (
    <dl class="facts">
      <dt>It may</dt>
      <dd>
        {scopeInWords(grant.scope).map((allowed) => (
          <p>{allowed}</p>
        ))}
      </dd>
      <dt>Limits</dt>
      <dd>
        {grant.authorizationDetails.length === 0
          ? 'None'
          : limitsInWords(grant.authorizationDetails).map((limits) => <p>{limits}</p>)}
      </dd>
      {credentials.length > 0 && (
        <>
          <dt>Key</dt>
          <dd>{credentials.map(keyLabel).join(', ')}</dd>
        </>
      )}
      <dt>Since</dt>
      <dd>
        <Day at={grant.createdAt} />
      </dd>
      <dt>{grantStatus(grant, now) === 'active' ? 'Ends' : 'Ended'}</dt>
      <dd>
        <End grant={grant} />
      </dd>
      <dt>Used</dt>
      <dd>
        <Use view={view} now={now} />
      </dd>
    </dl>
  );
}

function Use({ view, now }: { readonly view: GrantView; readonly now: number }) {
  const { calls, costNanoUsd, lastCallAt } = view;
  if (lastCallAt === null) return 'No calls yet';
  return (
    <>
      {`${calls} ${calls === 1 ? 'call' : 'calls'}, ${dollars(costNanoUsd)}, last `}
      <Ago at={lastCallAt} now={now} />
    </>
  );
}

const reasons: Record<GrantEnd, string> = {
  user: 'you revoked it',
  client: 'the app gave it up',
  operator: 'the operator revoked it',
  credential_deleted: 'its key was deleted',
  credential_expired: 'its key was kept no longer',
  client_deleted: 'the app was deleted',
  password_changed: 'you changed your password',
};

function End({ grant }: { readonly grant: Grant }) {
  if (grant.revokedAt !== null) {
    return (
      <>
        <Day at={grant.revokedAt} />
        {grant.revokedReason && `: ${reasons[grant.revokedReason]}`}
      </>
    );
  }
  return grant.expiresAt === null ? 'when you revoke it' : <Day at={grant.expiresAt} />;
}
