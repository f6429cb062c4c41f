import { isObject } from '../lib/json.ts';
import { type BodyRefusal, invalid, notAllowed } from './body_refusal.ts';

/** What a provider calls something that it keeps, such as a file or a response. */
export interface ObjectName {
  readonly kind: string;
  readonly id: string;
}

/** A name that a call makes use of. */
export interface NamedObject extends ObjectName, Pick<KeptKind, 'lentFor'> {
  /** The field that holds it; null for the path. */
  readonly param: string | null;
}

/** A kind of thing that a provider keeps, and the scope that calls need which name one. */
export interface KeptKind {
  readonly kind: string;
  readonly scope: string;
  /** For how many seconds after it was made it can be named, where it costs on as long as it is used. */
  readonly lentFor?: number | undefined;
}

/** What the answers of a route tell of, where the call makes use of the scope. */
export interface MadeObject extends KeptKind {
  /** Where the id stands in an answer or event; `*` stands for each entry of a list. */
  readonly at: readonly string[];
  /** What later calls that name it have to know: what this one asks for, or that it holds answers, one on each line. */
  readonly detail?: 'call' | 'answers';
}

/** Ids as providers write them. */
const idGrammar = /^[A-Za-z0-9_-]{1,128}$/;

/** Whether this can be an id. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && idGrammar.test(value);
}

/** What is learned of the names in a body. */
interface KeptFindings {
  readonly granted: readonly string[];
  readonly scopes: Set<string>;
  readonly objects: NamedObject[];
}

/** More than any conversation names; each is looked up. */
const mostObjects = 1000;

/**
 * Notes what a field names.
 * @param ids one or a list
 * @param advice for calls without the scope
 * @returns why the field may not go on; null when it may, as far as the body goes
 */
export function noteKept(
  { granted, scopes, objects }: KeptFindings,
  { kind, scope, lentFor }: KeptKind,
  ids: unknown,
  param: string,
  advice: string,
): BodyRefusal | null {
  if (!granted.includes(scope)) return notAllowed(param, advice);
  const named: readonly unknown[] = Array.isArray(ids) ? ids : [ids];
  if (objects.length + named.length > mostObjects) {
    return invalid(param, `The body names more than ${mostObjects} things that the provider keeps.`);
  }
  for (const id of named) {
    if (typeof id !== 'string') return invalid(param, `${param} must be an id, or a list of ids.`);
    objects.push({ kind, id, param, lentFor });
  }
  scopes.add(scope);
  return null;
}

/** The names of what an answer, or an event, tells of. */
export function objectsIn(made: readonly MadeObject[], answer: unknown): readonly ObjectName[] {
  return made.flatMap(({ kind, at }) =>
    valuesAt(answer, at)
      .filter(isId)
      .map((id) => ({ kind, id })),
  );
}

function valuesAt(value: unknown, [key, ...rest]: readonly string[]): readonly unknown[] {
  if (key === undefined) return [value];
  if (key === '*') return Array.isArray(value) ? value.flatMap((entry) => valuesAt(entry, rest)) : [];
  return isObject(value) ? valuesAt(value[key], rest) : [];
}
