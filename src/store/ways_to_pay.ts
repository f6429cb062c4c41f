import type { AdmissionRequest, AdmissionRow, HeldCredential } from './admission.ts';
import { type Budget, budgetsOfAccess } from './budget.ts';
import type { Holder, Payer, ProviderAccess } from './records.ts';
import type { BudgetRefusal } from './reservation.ts';

/** A key that a call can be made with. */
export interface WayToPay {
  readonly payer: Payer;
  readonly credential: HeldCredential;
  readonly holder: Holder;
}

/** In the order in which they are tried: the user's own key, then the app's, where it steps in. */
export function waysToPay({
  grantId,
  clientId,
  credential,
  fallback,
  paysWhenUsedUp,
}: AdmissionRow): readonly WayToPay[] {
  const own = credential && ({ payer: 'user', credential, holder: grantId } as const);
  const apps = fallback && ({ payer: 'app', credential: fallback, holder: clientId } as const);
  const stepsIn = own === null || (paysWhenUsedUp && fallback?.status !== 'invalid');
  return [own, stepsIn ? apps : null].filter((way) => way !== null);
}

/** Whether a call is refused for the user's own money, which the app's can take the place of. */
export function isUsedUp(refusal: BudgetRefusal, { clientId }: AdmissionRow): boolean {
  return (
    refusal.reason === 'budget_exceeded' &&
    refusal.budget.unit === 'nano_usd' &&
    refusal.budget.holder !== clientId
  );
}

/** Every budget that a call counts against. In dollars, only those of whoever pays, and of the app. */
export function budgetsFor(
  row: AdmissionRow,
  request: AdmissionRequest,
  { payer, credential }: WayToPay,
): readonly Budget[] {
  const { userId, clientId } = row;
  const counts = ({ holder, unit }: Budget) =>
    holder === clientId ||
    holder === credential.id ||
    (holder === userId && (payer === 'user' || unit !== 'nano_usd'));
  const own = ownBudgets(row, request).filter(({ unit }) => payer === 'user' || unit !== 'nano_usd');
  return [...own, ...row.budgets.filter(counts)];
}

/** The budgets of the grant itself. */
export function ownBudgets(row: AdmissionRow, request: AdmissionRequest): readonly Budget[] {
  const access = accessOf(row, request);
  return access ? budgetsOfAccess(row.grantId, access) : [];
}

/** What the grant allows of the provider asked for; null when it does not limit it. */
export function accessOf(
  { authorizationDetails }: AdmissionRow,
  { provider }: AdmissionRequest,
): ProviderAccess | null {
  return authorizationDetails.find((access) => access.provider === provider) ?? null;
}
