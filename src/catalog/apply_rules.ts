import { isObject, type JsonObject } from '../lib/json.ts';
import { type BodyRefusal, invalid, notAllowed } from './body_refusal.ts';
import type { FieldRule, FieldRules, KeptRule } from './fields.ts';
import { type HostedTool, withBound } from './hosted_tool.ts';
import { checkModel, type ModelRules, noteImplied, noteModel, noteScoped } from './models.ts';
import { noteKept } from './objects.ts';
import { inspectTree, replaceInTree, type TreeFindings } from './tree.ts';

/** What rules go by beside the body. */
export interface PolicyContext {
  readonly models: ModelRules;
  /** Stands for the grant towards the provider; tells nothing about user or app. */
  readonly pseudonym: string;
  /** The model that the path names, if it does. */
  readonly pathModel?: string | null;
  /** The scopes of the caller: with some of them more is allowed. */
  readonly granted?: readonly string[];
  /** How often the tools of the provider may be used where the body leaves it open; absent: as often as can be. */
  readonly toolUses?: number;
}

/** What is learned of a body while its rules are applied. */
export interface Findings extends Omit<PolicyContext, 'granted'>, TreeFindings {
  readonly sent: JsonObject;
  model: string | null;
  usageIsExtra: boolean;
  /** Tools of the provider are offered where calls with a scope have them kept. */
  lasting: { readonly param: string; readonly scope: string } | null;
}

/** A rule lets the field go on. */
interface Passed<Value> {
  readonly kind: 'passed';
  /** What goes on in the field's place; undefined leaves it out. */
  readonly value: Value;
}

/**
 * Applies rules to the fields of an object.
 * @param prefix what stands before a field where it is named
 * @param findings is added to
 * @returns the fields to send in their place, or the first of them that is not allowed
 */
export function applyRules(
  rules: FieldRules,
  fields: JsonObject,
  prefix: string,
  findings: Findings,
): Passed<JsonObject> | BodyRefusal {
  const unknown = Object.keys(fields).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) return unknownField(prefix + unknown);
  const value: Record<string, unknown> = {};
  for (const name of Object.keys(rules)) {
    const rule = rules[name];
    const outcome = rule && applyRule(rule, fields[name], prefix + name, findings);
    if (outcome?.kind === 'refused') return outcome;
    if (outcome?.value !== undefined) value[name] = outcome.value;
  }
  return passed(value);
}

function applyRule(
  rule: FieldRule,
  value: unknown,
  param: string,
  findings: Findings,
): Passed<unknown> | BodyRefusal {
  const isGiven = value !== undefined && value !== null;
  switch (rule.kind) {
    case 'allow':
      return passed(value);
    case 'drop':
      return passed(undefined);
    case 'force':
      return passed(rule.value);
    case 'refuse':
      return isGiven ? notAllowed(param, rule.advice) : passed(undefined);
    case 'limit':
      if (rule.otherwise && (!isGiven || rule.otherwise.replaces.includes(value))) {
        return passed(rule.otherwise.by);
      }
      if (isGiven && !rule.to.includes(value)) return notAllowed(param, rule.advice);
      noteWord(rule.scopes, value, findings);
      return passed(value);
    case 'text':
      if (isGiven && (typeof value !== 'string' || rule.not?.test(value))) {
        return notAllowed(param, rule.advice);
      }
      return passed(value);
    case 'model': {
      const refusal = isGiven ? checkModel(findings.models, value, param) : null;
      if (refusal) return refusal;
      findings.model = isGiven ? String(value) : null;
      noteModel(findings.usedModels, findings.model, () => param);
      if (isGiven) noteScoped(findings.models, String(value), findings);
      return passed(value);
    }
    case 'other_model': {
      if (!isGiven) return passed(value);
      findings.otherModels.add(String(value));
      noteModel(findings.usedModels, String(value), () => param);
      noteScoped(findings.models, String(value), findings);
      return checkModel(findings.models, value, param) ?? passed(value);
    }
    case 'implies_model': {
      const { model } = rule;
      noteImplied(findings.usedModels, model, findings.sent, () => model.named.join('.'));
      return passed(value);
    }
    case 'path_model':
      if (isGiven && rule.standsIn) return passed(findings.pathModel);
      return !isGiven || value === findings.pathModel || value === rule.prefix + findings.pathModel
        ? passed(value)
        : invalid(param, `${param} must be the model that the path names.`);
    case 'pseudonym':
      return passed(rule.when === 'always' || isGiven ? findings.pseudonym : undefined);
    case 'object':
      if (!isGiven && !rule.always) return passed(value);
      if (rule.orKept && typeof value === 'string') return applyKept(rule.orKept, value, param, findings);
      return applyToObject(rule.fields, value ?? {}, param, findings);
    case 'list':
      return isGiven ? applyToList(rule, value, param, findings) : passed(value);
    case 'words':
      return isGiven ? applyToWords(rule.scopes, value, param, findings) : passed(value);
    case 'flag':
      return applyFlag(rule, value, param, findings);
    case 'upload': {
      const areFiles = [value].flat().every((one) => isObject(one) && one.bytes instanceof Uint8Array);
      return !isGiven || areFiles ? passed(value) : notAllowed(param, rule.advice);
    }
    case 'kept':
      return isGiven ? applyKept(rule, value, param, findings) : passed(value);
    case 'tree':
      return applyToTree(rule, value, param, findings);
    case 'scoped':
      return isGiven ? applyScoped(rule, value, param, findings) : passed(value);
    case 'usage_option':
      return findings.sent.stream === true ? askForUsage(rule, value, param, findings) : passed(value);
  }
}

function applyToObject(
  rules: FieldRules,
  value: unknown,
  param: string,
  findings: Findings,
): Passed<JsonObject> | BodyRefusal {
  if (!isObject(value)) return invalid(param, `${param} must be an object.`);
  return applyRules(rules, value, `${param}.`, findings);
}

function applyToList(
  { fields, hosted }: Extract<FieldRule, { readonly kind: 'list' }>,
  value: unknown,
  param: string,
  findings: Findings,
): Passed<readonly unknown[]> | BodyRefusal {
  if (!Array.isArray(value)) return invalid(param, `${param} must be a list.`);
  const items: unknown[] = [];
  for (const [index, item] of value.entries()) {
    const place = `${param}[${index}]`;
    const kept = applyToObject(fields, item, place, findings);
    const outcome = kept.kind === 'refused' ? kept : offerTool(hosted, kept.value, place, findings);
    if (outcome.kind === 'refused') return outcome;
    items.push(outcome.value);
  }
  return passed(items);
}

/** Notes the scopes that the words of a list need. */
function applyToWords(
  scopes: Extract<FieldRule, { readonly kind: 'words' }>['scopes'],
  value: unknown,
  param: string,
  findings: Findings,
): Passed<unknown> | BodyRefusal {
  if (!Array.isArray(value)) return invalid(param, `${param} must be a list.`);
  for (const word of value) noteWord(scopes, word, findings);
  return passed(value);
}

function noteWord(scopes: Readonly<Record<string, string>> = {}, word: unknown, findings: Findings): void {
  const scope = typeof word === 'string' ? scopes[word] : undefined;
  if (scope !== undefined) findings.scopes.add(scope);
}

function applyToTree(
  { tree, keptWith }: Extract<FieldRule, { readonly kind: 'tree' }>,
  value: unknown,
  param: string,
  findings: Findings,
): Passed<unknown> | BodyRefusal {
  const offeredBefore = findings.hosted.length;
  const refusal = inspectTree(tree, findings.models, value, param, findings);
  if (refusal) return refusal;
  const ruled = findings.ruled.splice(0);
  const replacements = new Map<unknown, unknown>();
  for (const { object, rule, param: place } of ruled) {
    const fields = applyRules(rule.fields ?? {}, object, `${place}.`, findings);
    const outcome =
      fields.kind === 'refused' ? fields : offerTool(rule.hosted, fields.value, place, findings);
    if (outcome.kind === 'refused') return outcome;
    replacements.set(object, outcome.value);
  }
  if (keptWith && findings.hosted.length > offeredBefore) findings.lasting = { param, scope: keptWith };
  return passed(ruled.length === 0 ? value : replaceInTree(tree, value, replacements));
}

function applyScoped(
  { scope, rule, hosted }: Extract<FieldRule, { readonly kind: 'scoped' }>,
  value: unknown,
  param: string,
  findings: Findings,
): Passed<unknown> | BodyRefusal {
  findings.scopes.add(scope);
  const outcome = applyRule(rule, value, param, findings);
  return outcome.kind === 'refused' ? outcome : offerTool(hosted, outcome.value, param, findings);
}

/** Notes a tool of the provider, and has it keep to its bound if it has a field for that. */
function offerTool(
  tool: HostedTool | undefined,
  value: unknown,
  param: string,
  findings: Findings,
): Passed<unknown> | BodyRefusal {
  if (tool?.by?.of !== 'tool' || !isObject(value)) {
    if (tool) findings.hosted.push(tool);
    return passed(value);
  }
  const bound = withBound(tool, value, `${param}.`, findings.toolUses);
  if (bound.kind === 'refused') return bound;
  findings.hosted.push(bound.tool);
  return passed(bound.object);
}

function applyFlag(
  { scope, orFalse, advice }: Extract<FieldRule, { readonly kind: 'flag' }>,
  value: unknown,
  param: string,
  { granted, scopes }: Findings,
): Passed<unknown> | BodyRefusal {
  const isGranted = granted.includes(scope);
  if (orFalse && (!isGranted || value === undefined || value === null)) return passed(false);
  if (value === undefined || value === null || value === false) return passed(value);
  if (value !== true || !isGranted) return notAllowed(param, advice);
  scopes.add(scope);
  return passed(true);
}

/** Notes what is named. */
function applyKept(
  { object, advice }: KeptRule,
  value: unknown,
  param: string,
  findings: Findings,
): Passed<unknown> | BodyRefusal {
  const isBare = isObject(value) && Object.keys(value).every((key) => key === 'id');
  return noteKept(findings, object, isBare ? value.id : value, param, advice) ?? passed(value);
}

/** Has the stream report its usage, and notes whether the app asked for that itself. */
function askForUsage(
  { fields, option }: Extract<FieldRule, { readonly kind: 'usage_option' }>,
  value: unknown,
  param: string,
  findings: Findings,
): Passed<JsonObject> | BodyRefusal {
  const options = applyToObject(fields, value ?? {}, param, findings);
  if (options.kind === 'refused') return options;
  findings.usageIsExtra = options.value[option] !== true;
  return passed({ ...options.value, [option]: true });
}

function passed<Value>(value: Value): Passed<Value> {
  return { kind: 'passed', value };
}

function unknownField(param: string): BodyRefusal {
  return notAllowed(
    param,
    `The broker does not know the field ${JSON.stringify(param)} and lets through only what it knows. Leave it out.`,
  );
}
