import type { WireError } from '../catalog/failure.ts';
import type { SocketMatch } from '../catalog/match_socket.ts';
import { applyPolicy } from '../catalog/policy.ts';
import type { Provider } from '../catalog/provider.ts';
import { publicAnswer } from '../catalog/public_answer.ts';
import type { FrameRules } from '../catalog/socket.ts';
import type { Config } from '../config.ts';
import { sha256 } from '../lib/hash.ts';
import { at, isObject, type JsonObject, parseJson } from '../lib/json.ts';
import type { Frame } from './frames.ts';
import { insufficientScope } from './ledger_refusal.ts';
import { Refusal } from './refusal.ts';
import type { SocketUse } from './socket_work.ts';

/** A frame as parsed. */
export interface ParsedFrame {
  readonly type: string;
  readonly fields: JsonObject;
}

/** Longer than any name of an event. */
const longestType = 128;

/** What an app has sent. @throws Refusal when it is no such thing */
export function parseFrame(frame: Frame): ParsedFrame {
  const fields = frame === null ? undefined : parseJson(frame);
  if (!isObject(fields) || typeof fields.type !== 'string' || fields.type.length > longestType) {
    throw new Refusal('invalid_request', 'Send JSON objects with a type, as text.');
  }
  return { type: fields.type, fields };
}

/**
 * Checks a frame of an app.
 * @param bound the longest answer that is allowed, in tokens; null for any
 * @returns what goes to the provider in its place
 * @throws Refusal when it holds something that is not lent
 */
export function checkFrame(
  config: Pick<Config, 'issuer'>,
  { provider, caller, match }: SocketUse,
  { type, fields }: ParsedFrame,
  bound: number | null,
): JsonObject {
  const rules = rulesOf(match, type);
  const checked = applyPolicy(rules.fields, fields, {
    models: provider.models,
    pseudonym: sha256(`pseudonym of ${caller.grantId}`),
    pathModel: match.model,
  });
  if (checked.kind === 'refused') throw new Refusal(checked.code, checked.message, { param: checked.param });
  if (!checked.scopes.every((scope) => caller.scopes.includes(scope))) {
    throw insufficientScope(config, provider, checked.scopes);
  }
  return rules.cap && bound !== null ? withinBound(rules.cap, checked.body, bound) : checked.body;
}

/** The rules of a frame that an app may send. @throws Refusal when it may not */
export function rulesOf({ route: { frames } }: SocketMatch, type: string): FrameRules {
  const rules = Object.hasOwn(frames, type) ? frames[type] : undefined;
  if (rules) return rules;
  throw new Refusal('field_not_allowed', `A frame of the type ${JSON.stringify(type)} is not lent here.`, {
    param: 'type',
  });
}

function withinBound(
  { path, none }: NonNullable<FrameRules['cap']>,
  body: JsonObject,
  bound: number,
): JsonObject {
  const asked = at(body, path);
  if (asked === undefined) return body;
  if (asked === none || asked === null) return withValue(body, path, bound);
  if (typeof asked === 'number' && asked >= 1 && asked <= bound) return body;
  throw new Refusal(
    'field_not_allowed',
    `The user allows ${bound} output tokens an answer here. Ask for 1 at least and no more, or leave it out.`,
    { param: path.join('.') },
  );
}

function withValue(holder: unknown, [key, ...rest]: readonly string[], value: unknown): JsonObject {
  const fields = isObject(holder) ? holder : {};
  if (key === undefined) return fields;
  return { ...fields, [key]: rest.length === 0 ? value : withValue(fields[key], rest, value) };
}

/** A refusal of the broker's own, as an event. */
export function refusalEvent(
  { route }: SocketMatch,
  { status, code, type, message, details }: Refusal,
  requestId: string,
  eventId: unknown,
): JsonObject {
  const error: WireError = {
    message,
    type,
    code,
    param: details.param ?? null,
    source: 'coatcheck',
    ...(details.actionUrl ? { action_url: details.actionUrl } : {}),
  };
  return route.errorEvent(error, {
    status,
    requestId,
    eventId: typeof eventId === 'string' ? eventId : null,
  });
}

const identifier = /^[\w.:-]{1,128}$/;

/** What apps may see of an event of the provider: nothing of its account. Null for nothing at all. */
export function publicEvent(
  { errors }: Provider,
  { route }: SocketMatch,
  event: JsonObject,
): JsonObject | null {
  const { shown } = publicAnswer(errors, route.shown(event));
  if (!isObject(shown)) return null;
  if (event.type !== 'error') return shown;
  // Which frame is to blame, in the app's own words.
  const blamed = at(event, ['error', 'event_id']);
  return {
    ...shown,
    ...(typeof event.status === 'number' ? { status: event.status } : {}),
    ...(isIdentifier(event.event_id) ? { event_id: event.event_id } : {}),
    ...(isObject(shown.error) && isIdentifier(blamed) ? { error: { ...shown.error, event_id: blamed } } : {}),
  };
}

function isIdentifier(value: unknown): boolean {
  return typeof value === 'string' && identifier.test(value);
}
