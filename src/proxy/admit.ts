import type { BodyRefusal } from '../catalog/body_refusal.ts';
import { type CostBound, costBound } from '../catalog/cost_bound.ts';
import type { LateCall } from '../catalog/late_cost.ts';
import type { Match } from '../catalog/match.ts';
import { noteModel } from '../catalog/models.ts';
import { type OutputCap, readOutputCap, withOutputCap } from '../catalog/output_cap.ts';
import { applyPolicy, type CheckedBody } from '../catalog/policy.ts';
import { type Provider, traitsOf } from '../catalog/provider.ts';
import type { Deps } from '../deps.ts';
import { neverSent } from '../ledger/never_sent.ts';
import { sha256 } from '../lib/hash.ts';
import type { AdmissionResult, Left } from '../store/admission.ts';
import { strictest } from '../store/moderation.ts';
import type { Payer } from '../store/records.ts';
import type { OpenedKey } from '../vault/vault.ts';
import type { Caller } from './authenticate.ts';
import { asksForAnswers, bringCalls, findCalls } from './batch_calls.ts';
import type { BatchInput } from './batch_input.ts';
import { checkObjects, inPath } from './check_objects.ts';
import { insufficientScope, keysUrl, refusedByLedger, revoked } from './ledger_refusal.ts';
import { Refusal, unavailable, undecided } from './refusal.ts';
import { type RequestBody, writeBody } from './request_body.ts';

/** What an app asks for, authenticated and matched. */
export interface CallRequest {
  readonly callId: string;
  readonly provider: Provider;
  readonly caller: Caller;
  readonly match: Match;
  readonly body: RequestBody | null;
  /**
   * Has the content of the admitted call judged, before it goes upstream.
   * @throws AppGone when the call is over first
   */
  readonly judge: (admission: Admission) => Promise<Judgement>;
}

export type AdmitDeps = Pick<
  Deps,
  'clock' | 'config' | 'ledger' | 'store' | 'vault' | 'upstreamOf' | 'instance'
>;

type Admitted = Extract<AdmissionResult, { readonly kind: 'admitted' }>;

/** Only this module can name it, so that what was not checked by `admit` cannot be forwarded. */
const admitted = Symbol('admitted');

/** A call that may go upstream: checked, on record as pending, its key opened. */
export interface Admission extends Pick<CallRequest, 'callId' | 'provider' | 'match'> {
  readonly [admitted]: true;
  readonly familyId: string;
  readonly grantId: string;
  readonly payer: Payer;
  readonly credential: Admitted['credential'];
  readonly limits: Admitted['limits'];
  /** What it can cost at most, as it was admitted. */
  readonly bound: CostBound;
  readonly reservedNanoUsd: number;
  readonly left: Left;
  readonly checked: CheckedBody | null;
  /** What later calls that name what it has made are judged or counted by. */
  readonly detail: BatchInput | LateCall | null;
  /** It asks for the content of what holds answers, one on each line. */
  readonly asksForAnswers: boolean;
  readonly key: OpenedKey;
  /** The provider's base URL for this key. */
  readonly baseUrl: string;
  readonly body: { readonly contentType: string; readonly bytes: Buffer } | null;
  /** What moderation has found in it, for the record. */
  readonly flags: string | null;
}

/** What came of judging a call's content. */
export interface Judgement {
  /** For the record. */
  readonly flags: string | null;
  /** Where only content goes on that was judged and found harmless; null for such content. */
  readonly refusal: Refusal | null;
}

/**
 * Decides whether a call may go upstream, and puts it on record if so. Whoever gets an admission must see to it that the
 * call is settled.
 * @throws Refusal when it may not
 * @throws AppGone when it is over before that is known
 */
export async function admit(deps: AdmitDeps, request: CallRequest): Promise<Admission> {
  const { callId, provider, caller, match } = request;
  const checked = checkBody(request);
  const ownScopes = [match.route.scope, ...(checked?.scopes ?? [])];
  requireScopes(deps, request, ownScopes);
  await checkObjects(deps, request, [...inPath(match), ...(checked?.objects ?? [])]);
  const batch = await findCalls(deps.store.objects, request, checked);
  const scopes = [...ownScopes, ...(batch ? [batch.scope] : [])];
  requireScopes(deps, request, scopes);
  const output = batch?.output ?? checkOutput(request, checked);
  const models = checked?.usedModels ?? new Map<string | null, string>();
  if (match.model !== null) noteModel(models, match.model, () => 'model');
  if (batch) noteModel(models, batch.model, () => batch.place);
  const bound = batch?.cost ?? costBound(provider, match.route, checked, match.model);
  if (bound.isCeiling && deps.config.unknownPrices === 'refuse') throw unknownPrice();
  const decision = await askLedger(deps, {
    callId,
    familyId: caller.familyId,
    kid: caller.kid,
    proof: caller.proof,
    instanceId: deps.instance.id,
    provider: provider.name,
    route: `${match.route.method} ${match.route.path}`,
    model: batch?.model ?? checked?.model ?? null,
    models: [...models.keys()],
    outputCap: output?.tokens ?? null,
    scopes,
    access: caller.access,
    cost: bound,
  });
  if (decision.kind === 'refused') {
    const { grantId } = caller;
    const outputField = output?.field ?? null;
    throw refusedByLedger(deps.config, provider, decision, { grantId, scopes, models, outputField, bound });
  }
  let flags: string | null = null;
  try {
    const key = await openKey(deps, decision);
    // Since the admission the grant has ended, or whoever pays has taken the key away.
    if (!key) throw decision.payer === 'user' ? revoked(deps.config, provider) : paysNoMore(provider);
    const baseUrl = deps.upstreamOf(provider.name, decision.credential.sandbox, key.resource);
    if (baseUrl === null) throw sandboxIsOff(deps.config);
    const { toolUses } = decision;
    const allowed = toolUses === null ? checked : checkBody(request, toolUses);
    const pseudonym = pseudonymOf(caller);
    const brought = await bringCalls(deps.config, request, checked, { ...decision, pseudonym });
    if (brought) {
      requireScopes(deps, request, [...scopes, brought.input.scope]);
      await checkObjects(deps, request, brought.objects);
    }
    const sent = brought && allowed ? { ...allowed, body: brought.body } : allowed;
    const admission: Admission = {
      [admitted]: true,
      callId,
      provider,
      match,
      familyId: caller.familyId,
      grantId: decision.grantId,
      payer: decision.payer,
      credential: decision.credential,
      limits: decision.limits,
      bound,
      reservedNanoUsd: decision.reservedNanoUsd,
      left: decision.left,
      checked: allowed,
      detail: brought?.input ?? detailOf(match, allowed, batch),
      asksForAnswers: await asksForAnswers(deps.store.objects, request),
      key,
      baseUrl,
      body: bodyToSend(request, sent, decision),
      flags,
    };
    const moderation = strictest(deps.config.moderation, decision.moderation);
    if (moderation === 'off' || !hasContent(admission)) return admission;
    const judgement = await request.judge(admission);
    flags = judgement.flags;
    if (moderation === 'block' && judgement.refusal) throw judgement.refusal.with({ left: decision.left });
    return { ...admission, flags };
  } catch (error) {
    deps.ledger.settle(neverSent(callId, flags));
    throw error;
  }
}

function hasContent({ match: { route }, checked }: Admission): boolean {
  return route.content === undefined ? checked !== null : route.content === 'elsewhere';
}

function requireScopes(
  { config }: AdmitDeps,
  { provider, caller }: CallRequest,
  scopes: readonly string[],
): void {
  if (scopes.every((scope) => caller.scopes.includes(scope))) return;
  throw insufficientScope(config, provider, scopes);
}

function detailOf({ route }: Match, checked: CheckedBody | null, batch: BatchInput | null): LateCall | null {
  if (batch) return { model: batch.model, otherModels: [], hostedTools: [], readAtOnce: batch.readAtOnce };
  if (!checked || !route.usage) return null;
  const { model, otherModels, hostedTools } = checked;
  return { model, otherModels, hostedTools };
}

function pseudonymOf({ grantId }: Caller): string {
  return sha256(`pseudonym of ${grantId}`);
}

function unknownPrice(): Refusal {
  return new Refusal(
    'model_not_allowed',
    'What this call can cost is not known here, and such calls are refused. Name a model whose price is known.',
    { param: 'model' },
  );
}

/** @param toolUses how often tools of the provider may be used where the body leaves it open; absent: as often as can be */
function checkBody(
  { match: { route, model }, provider, caller, body }: CallRequest,
  toolUses?: number,
): CheckedBody | null {
  if (route.body.kind === 'none' || !body) return null;
  const result = applyPolicy(route.body.fields, body.fields, {
    models: provider.models,
    pseudonym: pseudonymOf(caller),
    pathModel: model,
    granted: caller.scopes,
    ...(toolUses !== undefined && { toolUses }),
  });
  if (result.kind === 'refused') throw refusedBody(result);
  return result;
}

function checkOutput({ match: { route } }: CallRequest, checked: CheckedBody | null): OutputCap | null {
  if (!route.output || !checked) return null;
  const result = readOutputCap(route.output, checked.body);
  if (result.kind === 'refused') throw refusedBody(result);
  return result;
}

function refusedBody({ code, message, param }: BodyRefusal): Refusal {
  return new Refusal(code, message, { param });
}

/** What goes upstream, with the bound on its answer that the ledger has chosen. */
function bodyToSend(
  { match: { route }, provider, body }: CallRequest,
  checked: CheckedBody | null,
  { outputCap }: Admitted,
): Admission['body'] {
  if (!body || !checked) return null;
  if (!route.output || outputCap === null) return writeBody(body.kind, checked.body);
  const longest = traitsOf(provider, checked.model)?.longest;
  return writeBody(body.kind, withOutputCap(route.output, checked.body, outputCap, longest));
}

async function askLedger(
  { ledger }: AdmitDeps,
  request: Parameters<AdmitDeps['ledger']['admit']>[0],
): Promise<AdmissionResult> {
  return ledger.admit(request).catch(undecided);
}

async function openKey({ vault }: AdmitDeps, { holder, credential }: Admitted): Promise<OpenedKey | null> {
  return vault.open(holder, credential.id, credential.version).catch(undecided);
}

function paysNoMore({ title }: Provider): Refusal {
  return unavailable(`The app has stopped paying for ${title} just now. Try again.`, undefined);
}

function sandboxIsOff(site: AdmitDeps['config']): Refusal {
  return new Refusal('no_credential', 'The key of this grant is for the sandbox, which is off here.', {
    actionUrl: keysUrl(site),
  });
}
