import { at, isObject, type JsonObject } from '../lib/json.ts';
import { type BodyRefusal, invalid, notAllowed } from './body_refusal.ts';
import type { Drawing, TreeRules, TypeRule } from './fields.ts';
import type { HostedTool } from './hosted_tool.ts';
import {
  checkModel,
  type ModelRules,
  noteImplied,
  noteModel,
  noteScoped,
  type UsedModels,
} from './models.ts';
import { type NamedObject, noteKept } from './objects.ts';

/** What is learned while a tree is walked. */
export interface TreeFindings {
  /** The scopes of the caller. */
  readonly granted: readonly string[];
  readonly objects: NamedObject[];
  readonly scopes: Set<string>;
  readonly usedModels: UsedModels;
  readonly otherModels: Set<string>;
  readonly hosted: HostedTool[];
  /** Objects whose fields have rules of their own, still to be applied. */
  readonly ruled: RuledObject[];
  readonly drawings: Drawing[];
}

/** An object of a tree, and the rule of its type. */
export interface RuledObject {
  readonly object: JsonObject;
  readonly rule: TypeRule;
  readonly param: string;
}

/** Deeper than any conversation; keeps hostile nesting from exhausting the stack. */
const deepest = 64;

/** One walk through a tree. */
interface Walk {
  readonly rules: TreeRules;
  readonly models: ModelRules;
  readonly findings: TreeFindings;
  /** Types of the objects that are all there, by their ids. */
  readonly whole: Map<string, unknown>;
  /** Where the walk is. Written out only when something is refused: bodies are long and refusals few. */
  readonly path: (string | number)[];
}

const unknownType = 'The broker does not know this type and lets through only what it knows. Leave it out.';
const storedThing =
  'What is stored with the provider cannot be named through the broker. Send the content itself, without an id.';

/** Checks every object inside a value against the tree's rules. @returns the first thing that breaks them */
export function inspectTree(
  rules: TreeRules,
  models: ModelRules,
  value: unknown,
  param: string,
  findings: TreeFindings,
): BodyRefusal | null {
  const walk = { rules, models, findings, whole: new Map(), path: [param] };
  return inspectList(walk, param, value) ?? inspect(walk, value);
}

/** The value with other objects in the place of some that `inspectTree` has come by; it is not changed itself. */
export function replaceInTree(
  rules: TreeRules,
  value: unknown,
  replacements: ReadonlyMap<unknown, unknown>,
): unknown {
  if (Array.isArray(value)) return value.map((item) => replaceInTree(rules, item, replacements));
  if (!isObject(value)) return value;
  if (replacements.has(value)) return replacements.get(value);
  const members = Object.entries(value).map(([key, member]) => {
    return [key, rules.opaqueKeys.includes(key) ? member : replaceInTree(rules, member, replacements)];
  });
  return Object.fromEntries(members);
}

function inspect(walk: Walk, node: unknown): BodyRefusal | null {
  if (walk.path.length > deepest) {
    const param = written(walk.path.slice(0, 1));
    return invalid(param, `${param} is nested too deep.`);
  }
  if (!Array.isArray(node)) return isObject(node) ? inspectObject(walk, node) : null;
  for (let index = 0; index < node.length; index += 1) {
    const refusal = step(walk, index, node[index]);
    if (refusal) return refusal;
  }
  return null;
}

function step(walk: Walk, key: string | number, child: unknown): BodyRefusal | null {
  if (typeof child !== 'object' || child === null) return null;
  walk.path.push(key);
  const refusal = inspectList(walk, key, child) ?? inspect(walk, child);
  walk.path.pop();
  return refusal;
}

/** A tool that does not say what it is may be any that the provider knows. */
function inspectList({ rules, path }: Walk, key: string | number, value: unknown): BodyRefusal | null {
  if (!rules.typedLists?.includes(String(key)) || value === undefined || value === null) return null;
  if (!Array.isArray(value)) return invalid(written(path), `${written(path)} must be a list.`);
  const untyped = value.findIndex((entry) => !isObject(entry) || typeof entry.type !== 'string');
  return untyped < 0 ? null : notAllowed(written([...path, untyped, 'type']), 'Say of which type it is.');
}

function inspectObject(walk: Walk, node: JsonObject): BodyRefusal | null {
  const refusal = inspectType(walk, node) ?? inspectReference(walk, node);
  if (refusal) return refusal;
  const rule = typeRule(walk.rules, node.type);
  if (rule?.fields) {
    walk.findings.ruled.push({ object: node, rule, param: written(walk.path) });
    return null;
  }
  for (const key of Object.keys(node)) {
    const deeper = walk.rules.opaqueKeys.includes(key) ? null : inspectKey(walk, key, node[key]);
    if (deeper) return deeper;
  }
  return null;
}

function inspectKey(walk: Walk, key: string, child: unknown): BodyRefusal | null {
  const { rules, models, findings, path } = walk;
  if (child === null) return null;
  const answer = rules.answerKeys && Object.hasOwn(rules.answerKeys, key) ? rules.answerKeys[key] : undefined;
  if (answer) {
    const isHere = typeof child === 'string' && walk.whole.get(child) === answer.type;
    return isHere ? null : noteKept(findings, answer.kept, child, written(path, key), answer.advice);
  }
  if (Object.hasOwn(rules.refusedKeys, key)) {
    const kept = rules.keptKeys?.[key];
    const advice = rules.refusedKeys[key] ?? '';
    const param = written(path, key);
    return kept ? noteKept(findings, kept, child, param, advice) : notAllowed(param, advice);
  }
  const text = rules.texts && Object.hasOwn(rules.texts, key) ? rules.texts[key] : undefined;
  if (text && typeof child === 'string' && !text.pattern.test(child)) {
    return notAllowed(written(path, key), text.advice);
  }
  if (key !== 'model') return step(walk, key, child);
  findings.otherModels.add(String(child));
  noteModel(findings.usedModels, String(child), () => written(path, key));
  noteScoped(models, String(child), findings);
  return checkModel(models, child, written(path, key));
}

function inspectType({ rules, findings, path }: Walk, node: JsonObject): BodyRefusal | null {
  const { type } = node;
  if (type === undefined || type === null) return null;
  if (typeof type !== 'string') return invalid(written(path, 'type'), 'A type must be a string.');
  const rule = typeRule(rules, type);
  if (!rule || (rule.knownWith && !findings.granted.includes(rule.knownWith))) {
    const known = rules.refusedTypes.find(([prefix]) => type.startsWith(prefix));
    return notAllowed(written(path, 'type'), known?.[1] ?? unknownType);
  }
  if (rule.scope) findings.scopes.add(rule.scope);
  if (rule.hosted && !rule.fields) findings.hosted.push(rule.hosted);
  if (rule.draws) findings.drawings.push({ tokens: rule.draws, tool: node });
  if (rule.knownWith) findings.scopes.add(rule.knownWith);
  for (const model of rule.models ?? []) {
    noteImplied(findings.usedModels, model, node, () => written(path, ...model.named));
  }
  if (rule.names) return noteKept(findings, rule.names, node.id, written(path, 'id'), storedThing);
  if (!rule.needs) return null;
  const { needs } = rule;
  const found = at(node, needs.path);
  const isMet = needs.value === undefined ? typeof found === 'string' && found !== '' : found === needs.value;
  if (isMet) return null;
  const param = written(path, ...needs.path);
  return needs.orKept
    ? noteKept(findings, needs.orKept, node.id, param, needs.advice)
    : notAllowed(param, needs.advice);
}

function typeRule({ types }: TreeRules, type: unknown): TypeRule | undefined {
  return typeof type === 'string' && Object.hasOwn(types, type) ? types[type] : undefined;
}

/** An object that has only an id to say what it is stands for something the provider has stored. */
function inspectReference(walk: Walk, node: JsonObject): BodyRefusal | null {
  const { rules, findings, path } = walk;
  const { id } = node;
  if (id === undefined || id === null || isWhole(walk, node)) return null;
  const param = written(path, 'id');
  const isTyped = typeof node.type === 'string' || typeof node.role === 'string';
  const hasMore = Object.keys(node).some((key) => key !== 'id' && key !== 'type');
  return rules.reference && (isTyped || !hasMore)
    ? noteKept(findings, rules.reference, id, param, storedThing)
    : notAllowed(param, storedThing);
}

/** Whether an object with an id is there itself. */
function isWhole({ rules, whole }: Walk, node: JsonObject): boolean {
  const type = typeof node.type === 'string' ? node.type : typeof node.role === 'string' ? 'message' : null;
  if (type === null) return rules.contentKeys?.some((key) => isObject(node[key])) ?? false;
  if (!rules.idsAreStored) return true;
  const rule = typeRule(rules, type);
  // Of these their type has it what they stand for.
  if (rule?.names || rule?.needs) return true;
  const isHeld = rule?.holds?.some((key) => !isEmpty(node[key])) ?? false;
  if (isHeld) whole.set(String(node.id), type);
  return isHeld;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

/** A path as apps read it, such as `tools[0].type`. */
function written(path: readonly (string | number)[], ...keys: readonly string[]): string {
  return [...path, ...keys]
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}
