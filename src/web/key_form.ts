import { isBillingId } from '../vault/deposit.ts';
import type { Complaints } from './components/form.tsx';

/** What can be said of a key beside the key itself. */
export interface KeyDetails {
  readonly name: string;
  readonly organization: string;
  readonly project: string;
}

/** In characters. */
export const longestKeyName = 60;

export const noDetails: KeyDetails = { name: '', organization: '', project: '' };

export function readKeyDetails(form: URLSearchParams): KeyDetails {
  const text = (name: string) => (form.get(name) ?? '').trim();
  return { name: text('name'), organization: text('organization'), project: text('project') };
}

export function keyComplaints({ name, organization, project }: KeyDetails): Complaints {
  return {
    name: name.length > longestKeyName ? `Use at most ${longestKeyName} characters for the name.` : null,
    organization: isBillingId(organization) ? null : 'This is no organisation id. They look like org-AbC123.',
    project: isBillingId(project) ? null : 'This is no project id. They look like proj_AbC123.',
  };
}
