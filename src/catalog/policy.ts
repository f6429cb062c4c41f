import type { JsonObject } from '../lib/json.ts';
import { applyRules, type Findings, type PolicyContext } from './apply_rules.ts';
import { type BodyRefusal, notAllowed } from './body_refusal.ts';
import type { Drawing, FieldRules } from './fields.ts';
import { type HostedTool, withBoundsOfCall } from './hosted_tool.ts';
import { noteScoped, type UsedModels } from './models.ts';
import type { NamedObject } from './objects.ts';

/** A body that may go on, and what it needs. */
export interface CheckedBody {
  readonly kind: 'checked';
  readonly body: JsonObject;
  /** Scopes needed beyond the route's own. */
  readonly scopes: readonly string[];
  readonly model: string | null;
  /** Every model that the call makes use of, with where it stands; null is one that is left to the provider. */
  readonly usedModels: UsedModels;
  /** Models that are named deeper inside, by tools. */
  readonly otherModels: readonly string[];
  /** The tools of the provider that the call offers to the model, each as often as the body lets it be used. */
  readonly hostedTools: readonly HostedTool[];
  /** Tools that make pictures. */
  readonly drawings: readonly Drawing[];
  /** What the provider keeps that the call makes use of. Nothing says yet whether it is the caller's. */
  readonly objects: readonly NamedObject[];
  /** The stream will end with a usage event that the app did not ask for. */
  readonly usageIsExtra: boolean;
}

/**
 * Applies a route's rules to a request body.
 * @param body as parsed; it is not changed
 * @returns the body to send in its place, or the first thing in it that is not allowed
 */
export function applyPolicy(
  rules: FieldRules,
  body: JsonObject,
  context: PolicyContext,
): CheckedBody | BodyRefusal {
  const findings: Findings = {
    ...context,
    granted: context.granted ?? [],
    objects: [],
    scopes: new Set(),
    usedModels: new Map(),
    otherModels: new Set(),
    hosted: [],
    ruled: [],
    drawings: [],
    sent: body,
    model: context.pathModel ?? null,
    usageIsExtra: false,
    lasting: null,
  };
  if (context.pathModel) noteScoped(context.models, context.pathModel, findings);
  const checked = applyRules(rules, body, '', findings);
  if (checked.kind === 'refused') return checked;
  const { lasting } = findings;
  if (lasting && findings.scopes.has(lasting.scope)) return notAllowed(lasting.param, lastingTools);
  const bounded = withBoundsOfCall(
    findings.hosted,
    checked.value,
    (field) => Object.hasOwn(rules, field),
    context.toolUses,
  );
  if (bounded.kind === 'refused') return bounded;
  return {
    kind: 'checked',
    body: bounded.call,
    scopes: [...findings.scopes],
    model: findings.model,
    usedModels: findings.usedModels,
    otherModels: [...findings.otherModels],
    hostedTools: bounded.tools,
    drawings: findings.drawings,
    objects: findings.objects,
    usageIsExtra: findings.usageIsExtra,
  };
}

const lastingTools =
  'In what the provider keeps no tools of its own can be offered. Offer them in tools, in each call that is to have them.';
