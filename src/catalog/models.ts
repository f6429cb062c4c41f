import { at, type JsonObject } from '../lib/json.ts';
import { type BodyRefusal, invalid } from './body_refusal.ts';
import type { HostedTool } from './hosted_tool.ts';

/** Which models of a provider an app may name at all. */
export interface ModelRules {
  readonly grammar: RegExp;
  readonly refused: readonly { readonly pattern: RegExp; readonly advice: string }[];
  /** Models that come with a tool of the provider, and what they need beyond the route's own scope. */
  readonly scoped?: readonly {
    readonly pattern: RegExp;
    readonly scopes: readonly string[];
    readonly hosted?: HostedTool;
  }[];
  /** Names are the account's own; which model it was, only the answer says. */
  readonly areOwnNames?: true;
}

/** The models that a call makes use of, each with where it stands first; null is one that is left to the provider. */
export type UsedModels = Map<string | null, string>;

/** Notes a model. @param place where it stands, such as `tools[0].model` */
export function noteModel(models: UsedModels, model: string | null, place: () => string): void {
  if (!models.has(model)) models.set(model, place());
}

/** Notes what a model needs beyond the route's own scope, and the tool that it comes with. */
export function noteScoped(
  { scoped = [] }: ModelRules,
  model: string,
  findings: { readonly scopes: Set<string>; readonly hosted: HostedTool[] },
): void {
  for (const { scopes, hosted } of scoped.filter(({ pattern }) => pattern.test(model))) {
    for (const scope of scopes) findings.scopes.add(scope);
    if (hosted) findings.hosted.push(hosted);
  }
}

/** A model that an object makes use of, which the provider chooses unless it is named. */
export interface ImpliedModel {
  /** Where it is named, from the object on. */
  readonly named: readonly string[];
  /** It is made use of only where this field is none of these, null for a field that is not given. */
  readonly unless?: { readonly field: string; readonly is: readonly unknown[] };
}

/** Notes the model that an object leaves to the provider, if it does. @param place where it would be named */
export function noteImplied(
  models: UsedModels,
  { named, unless }: ImpliedModel,
  object: JsonObject,
  place: () => string,
): void {
  const isUsed = !unless?.is.includes(object[unless.field] ?? null);
  if (isUsed && (at(object, named) ?? null) === null) noteModel(models, null, place);
}

/** Whether an app may name this model. */
export function isLent({ grammar, refused }: ModelRules, model: string): boolean {
  return grammar.test(model) && !refused.some(({ pattern }) => pattern.test(model));
}

/** Checks the name of a model. @param param where it stands @returns why a body may not hold it; null when it may */
export function checkModel(rules: ModelRules, model: unknown, param: string): BodyRefusal | null {
  if (typeof model !== 'string') return invalid(param, `${param} must be a string.`);
  const refuse = (message: string): BodyRefusal => ({
    kind: 'refused',
    code: 'model_not_allowed',
    param,
    message,
  });
  if (!rules.grammar.test(model)) return refuse('That is not the name of a model.');
  const row = rules.refused.find(({ pattern }) => pattern.test(model));
  return row ? refuse(row.advice) : null;
}
