import type { CostBound } from '../catalog/cost_bound.ts';
import type { UsedModels } from '../catalog/models.ts';
import type { Provider } from '../catalog/provider.ts';
import type { AdmissionRefusal } from '../store/admission.ts';
import { dollarsOf } from '../store/budget.ts';
import { badToken } from '../tokens/authenticate_request.ts';
import { usedProof } from '../tokens/dpop.ts';
import { challenge, notAuthenticated } from './authenticate.ts';
import { Refusal } from './refusal.ts';

interface Site {
  readonly issuer: string;
}

/** What the refusal of a call may have to name. */
interface RefusedCall {
  readonly grantId: string;
  readonly scopes: readonly string[];
  /** The models that it makes use of, and where each stands. */
  readonly models: UsedModels;
  /** The field that says how long its answer may get, or could; null where none does. */
  readonly outputField: string | null;
  readonly bound: CostBound;
}

/** Where a person sees and replaces keys, and sees which apps are connected. */
export const keysUrl = ({ issuer }: Site) => `${issuer}/keys`;
const appsUrl = ({ issuer }: Site) => `${issuer}/apps`;

/** The one map from what the ledger refuses to what the app is told. */
export function refusedByLedger(
  site: Site,
  provider: Provider,
  refusal: AdmissionRefusal,
  call: RefusedCall,
): Refusal {
  const { grantId, scopes, models, outputField } = call;
  const actionUrl = `${appsUrl(site)}/${grantId}`;
  switch (refusal.reason) {
    case 'unknown_family':
    case 'key_withdrawn':
      return notAuthenticated(site, provider, badToken('The access token is not good any more.'));
    case 'proof_replayed':
      return notAuthenticated(site, provider, usedProof);
    case 'grant_revoked':
      return revoked(site, provider);
    case 'grant_expired':
      return ended(site, provider, "The user's approval has run out.");
    case 'user_suspended':
      return ended(site, provider, "The user's account is suspended.");
    case 'client_suspended':
      return ended(site, provider, 'The app is suspended.');
    case 'insufficient_scope':
      return insufficientScope(site, provider, scopes);
    case 'no_credential':
      return new Refusal('no_credential', `The user has no key for ${provider.title} here.`, {
        actionUrl: keysUrl(site),
      });
    case 'credential_invalid':
      return new Refusal(
        'provider_key_invalid',
        `${provider.title} does not accept the user's key any more. Its owner can replace it.`,
        { actionUrl: keysUrl(site) },
      );
    case 'fallback_invalid':
      return new Refusal(
        'provider_key_invalid',
        `This app pays for ${provider.title} itself, and its key is not accepted any more. Whoever makes the app can replace it.`,
      );
    case 'model_not_allowed': {
      const { model } = refusal;
      const message =
        model === null
          ? `The user has chosen which models of ${provider.title} this app may use. Name one of them.`
          : `The user has not allowed this app the model ${JSON.stringify(model)}. Name one that is allowed.`;
      return new Refusal('model_not_allowed', message, { param: models.get(model) ?? 'model', actionUrl });
    }
    case 'output_limit':
      return new Refusal(
        'field_not_allowed',
        `The user allows ${refusal.limit} output tokens an answer. Ask for no more, or leave ${outputField} out.`,
        { ...(outputField === null ? {} : { param: outputField }), actionUrl },
      );
    case 'output_unbounded':
      return new Refusal(
        'not_delegable',
        'The user limits the output tokens of an answer, and nothing bounds those of this one. Ask the user to lift the limit.',
        { actionUrl },
      );
    case 'rate_limited':
      return new Refusal(
        'rate_limited',
        `The user limits how often this app may call ${provider.title}. Wait as long as retry-after says.`,
        { actionUrl, headers: retryAfter(refusal.wait), left: refusal.left },
      );
    case 'budget_exceeded':
    case 'budget_reserved':
      return overBudget(site, refusal, call, actionUrl);
  }
}

const unitWords = { nano_usd: 'spend', calls: 'call', calls_at_once: 'call at once' };
const periodWords = { day: 'a day', week: 'a week', month: 'a month', total: 'in all' };
/** Whose calls count against a budget, by how the id of its holder begins. */
const whoseCalls: Readonly<Record<string, string>> = {
  usr_: 'all apps of the user together',
  key_: 'all apps with the key together',
};

/** Says what is left of none but the grant's own budgets: other apps may count against others as well. */
function overBudget(
  { issuer }: Site,
  {
    reason,
    budget,
    nanoUsd,
    unspent,
    endsAt,
    payer,
    left,
  }: Extract<AdmissionRefusal, { reason: 'budget_exceeded' | 'budget_reserved' }>,
  call: RefusedCall,
  grantUrl: string,
): Refusal {
  const { holder, unit, period } = budget;
  const whose = whoseCalls[holder.slice(0, 4)];
  const actionUrl = whose === undefined ? grantUrl : `${issuer}/spending`;
  const wait = { actionUrl, headers: retryAfter(second), left };
  if (unit === 'calls_at_once') {
    const message = 'The user limits how many calls of this app go on at once. Wait for one to end.';
    return new Refusal('rate_limited', message, wait);
  }
  const what = `what ${whose ?? 'this app'} may ${unitWords[unit]} ${periodWords[period]}`;
  if (reason === 'budget_reserved') {
    const message = `The rest of ${what} is held by calls that still go on. Try again when they have ended.`;
    return new Refusal('budget_reserved', message, wait);
  }
  const again = endsAt === null ? '' : ` It begins anew at ${new Date(endsAt).toISOString()}.`;
  if (unit === 'calls') {
    const { calls = 1 } = call.bound;
    const lacking = calls === 1 ? 'Nothing' : `Not enough for ${calls} requests`;
    const message = `${lacking} is left of ${what}.${again} Have the limit raised.`;
    return new Refusal('budget_exceeded', message, { actionUrl, left });
  }
  const isOwn = holder === call.grantId;
  const most = `This call can cost up to ${dollars(nanoUsd, Math.ceil)}`;
  const exceeded = isOwn
    ? `${most}, and ${dollars(unspent, Math.floor)} is left of ${what}.${again}`
    : `${most}, which is more than is left of ${what}.${again}`;
  if (payer === 'app') {
    return new Refusal(
      'budget_exceeded',
      `${exceeded} Whoever makes the app pays for it, and can raise it.`,
      {
        left,
      },
    );
  }
  const advice = `${isOwn ? whatFits(unspent, call) : 'Ask for less'}, or have the limit raised.`;
  return new Refusal('budget_exceeded', `${exceeded} ${advice}`, { actionUrl, left });
}

/** Four digits behind the point. */
function dollars(nanoUsd: number, round: (amount: number) => number): string {
  return `$${dollarsOf(round(nanoUsd / 1e5) * 1e5)}`;
}

/** What would have the call fit into what is left, in nano-USD, without a full stop. */
function whatFits(unspent: number, { outputField, bound }: RefusedCall): string {
  const { base, perOutputToken, toolUses } = bound;
  const tokens = Math.floor((unspent - base - (toolUses?.each ?? 0)) / perOutputToken);
  if (outputField !== null && Number.isFinite(tokens) && tokens > 0) {
    return `Bound its answer at ${tokens} tokens, in ${outputField}`;
  }
  // The answers of a batch have their bounds in its lines.
  if (outputField !== null && perOutputToken === 0) {
    return `Bound its answers at fewer tokens, in ${outputField}`;
  }
  return 'Send less, and leave out what makes it dear, such as files, sound and tools that run at the provider';
}

const second = 1000;

/** @param wait milliseconds @returns header names and values */
function retryAfter(wait: number): readonly string[] {
  return ['retry-after', String(Math.ceil(wait / 1000)), 'retry-after-ms', String(wait)];
}

/** The refusal of a call whose approval is withdrawn, before or while it goes on. */
export function revoked(site: Site, provider: Provider): Refusal {
  return ended(site, provider, 'The user has withdrawn the approval.');
}

function ended(site: Site, provider: Provider, message: string): Refusal {
  return new Refusal('grant_revoked', `${message} Ask the user to approve the app again.`, {
    actionUrl: appsUrl(site),
    headers: challenge(site, provider, 'invalid_token'),
  });
}

/** RFC 6750 §3.1: names every scope the call needs. */
export function insufficientScope(site: Site, provider: Provider, scopes: readonly string[]): Refusal {
  return new Refusal(
    'insufficient_scope',
    `This needs the scope ${scopes.join(' ')}. Ask the user to approve it.`,
    { headers: challenge(site, provider, 'insufficient_scope', scopes) },
  );
}
