import type { Logger } from 'pino';
import type { BudgetNotice } from '../store/admission.ts';
import type { Notice } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import type { Mail } from './mail.ts';
import { budgetReached } from './notices.ts';

interface TellerDeps {
  readonly config: { readonly issuer: string };
  readonly store: Pick<Store, 'clients' | 'credentials' | 'grants'>;
  readonly mail: Mail;
  readonly log: Logger;
}

/** Has users told by mail of budgets that have reached a milestone. Returns at once and never throws. */
export function createBudgetTeller(deps: TellerDeps): (notice: BudgetNotice) => void {
  return (notice) => {
    const { userId } = notice;
    if (userId === null) return;
    describe(deps, notice)
      .then((described) => deps.mail.notify(userId, described))
      .catch((error: unknown) => deps.log.warn({ err: error }, 'a notice of a budget could not be written'));
  };
}

async function describe({ config, store }: TellerDeps, notice: BudgetNotice): Promise<Notice> {
  const { issuer } = config;
  const { holder } = notice.budget;
  const grant = await store.grants.findGrant(holder);
  if (grant) {
    const client = await store.clients.findClient(grant.clientId);
    return budgetReached(notice, client?.name ?? 'an app', `${issuer}/apps/${holder}`);
  }
  const credential = await store.credentials.findCredential(holder);
  const whose = credential ? `every app with your key "${credential.name}"` : 'all apps together';
  return budgetReached(notice, whose, `${issuer}/spending`);
}
