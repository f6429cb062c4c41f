import { isObject, type JsonObject } from '../lib/json.ts';
import { type BodyRefusal, invalid, notAllowed } from './body_refusal.ts';
import { type CostBound, costBound } from './cost_bound.ts';
import { inputSize } from './input_bound.ts';
import type { NamedObject } from './objects.ts';
import { type OutputCap, readOutputCap, withOutputCap } from './output_cap.ts';
import { applyPolicy, type CheckedBody } from './policy.ts';
import { type Provider, traitsOf } from './provider.ts';
import type { BatchInputRules, Route } from './route.ts';

/** A call of a batch that may go on, and what it needs. */
export interface CheckedLine {
  readonly kind: 'checked';
  readonly customId: string;
  /** As the line names it. */
  readonly endpoint: string;
  readonly body: JsonObject;
  readonly scope: string;
  readonly model: string | null;
  /** What the provider keeps that the line names. */
  readonly objects: readonly NamedObject[];
  /** How long its answer may get; null where no model writes one. */
  readonly output: OutputCap | null;
  /** What it can cost at most, in nano-USD. */
  readonly nanoUsd: number;
  /** A part of that has no known price, and is counted at the ceiling. */
  readonly isCeiling: boolean;
  /** Tokens that are read at most; null where that does not show in it. */
  readonly read: number | null;
}

export interface LineContext {
  /** Stands for the grant towards the provider. */
  readonly pseudonym: string;
  /** The most tokens that the user lets an answer have. */
  readonly mostOutput: number;
  /** Whether the user lets the app use a model; null is one that is left to the provider. */
  readonly allows: (model: string | null) => boolean;
}

const members = ['custom_id', 'method', 'url', 'body'];

/**
 * Judges one call of a batch. It is lent what a call by itself is, less all whose price does not show in the usage of a batch.
 * @param line as parsed; it is not changed
 */
export function checkBatchLine(
  rules: BatchInputRules,
  provider: Provider,
  line: unknown,
  context: LineContext,
): CheckedLine | BodyRefusal {
  if (!isObject(line)) return invalid('', 'It must be a JSON object.');
  const { custom_id: customId, method, url, body } = line;
  const unknown = Object.keys(line).find((name) => !members.includes(name));
  if (unknown !== undefined) return notAllowed(unknown, `It has ${members.join(', ')} and nothing else.`);
  if (typeof customId !== 'string') return invalid('custom_id', 'custom_id must be a string.');
  if (method !== 'POST') return invalid('method', 'method must be "POST".');
  const route = routeOf(rules, provider, url);
  if (!route) return notAllowed('url', `url must be one of ${Object.keys(rules.endpoints).join(', ')}.`);
  if (!isObject(body)) return invalid('body', 'body must be an object.');
  const checked = checkBody(rules, provider, route, body, context);
  if (checked.kind === 'refused') return inBody(checked);
  const bound = costBound(provider, route, checked, null);
  const bounded = withCap(provider, route, checked, bound, context);
  if (bounded.kind === 'refused') return inBody(bounded);
  const { output } = bounded;
  const written = typeof output?.tokens === 'number' ? output.tokens : 0;
  const { tokens, hasMore } = inputSize(checked.body);
  return {
    kind: 'checked',
    customId,
    endpoint: String(url),
    body: bounded.body,
    scope: route.scope,
    model: checked.model,
    objects: checked.objects,
    output,
    nanoUsd: Math.ceil(bound.base + written * bound.perOutputToken),
    isCeiling: bound.isCeiling,
    read: hasMore ? null : tokens,
  };
}

function routeOf({ endpoints }: BatchInputRules, { routes }: Provider, url: unknown): Route | undefined {
  const path = typeof url === 'string' && Object.hasOwn(endpoints, url) ? endpoints[url] : undefined;
  return routes.find((route) => route.method === 'POST' && route.path === path);
}

function inBody(refusal: BodyRefusal): BodyRefusal {
  return { ...refusal, param: refusal.param === '' ? 'body' : `body.${refusal.param}` };
}

function checkBody(
  { filesScope }: BatchInputRules,
  { models }: Provider,
  { body: rules }: Route,
  body: JsonObject,
  { pseudonym, allows }: LineContext,
): CheckedBody | BodyRefusal {
  if (rules.kind === 'none') return invalid('', 'It takes no body.');
  const checked = applyPolicy(rules.fields, body, { models, pseudonym, granted: [filesScope] });
  if (checked.kind === 'refused') return checked;
  if (checked.body.stream === true) return notAllowed('stream', 'Nothing is streamed in batches.');
  const more = checked.scopes.filter((scope) => scope !== filesScope);
  if (more.length > 0) return notAllowed('', `What needs ${more.join(' ')} is not lent in batches.`);
  if (checked.hostedTools.length > 0) {
    return notAllowed('tools', 'Tools that run at the provider are not lent in batches.');
  }
  if (inputSize(checked.body).hasSound) return notAllowed('', 'Sound is not lent in batches.');
  const refuse = (param: string, message: string): BodyRefusal => {
    return { kind: 'refused', code: 'model_not_allowed', param, message };
  };
  for (const [model, place] of checked.usedModels) {
    if (model !== checked.model) return refuse(place, 'A batch makes use of one model.');
    if (!allows(model)) return refuse(place, 'The user has not allowed this app the model.');
  }
  return checked;
}

/** The body with a bound on its answer, and that bound. What is left open here, nobody chooses when the batch is run. */
function withCap(
  provider: Provider,
  { output: rules }: Route,
  { body, model }: CheckedBody,
  { longestOutput }: CostBound,
  { mostOutput }: LineContext,
): { readonly kind: 'bounded'; readonly body: JsonObject; readonly output: OutputCap | null } | BodyRefusal {
  if (!rules) return { kind: 'bounded', body, output: null };
  const asked = readOutputCap(rules, body);
  if (asked.kind === 'refused') return asked;
  const isOpen = asked.tokens === 'open';
  const most = Math.min(mostOutput, longestOutput);
  const bounded = isOpen ? withOutputCap(rules, body, most, traitsOf(provider, model)?.longest) : body;
  const output = isOpen ? readOutputCap(rules, bounded) : asked;
  if (output.kind === 'refused') return output;
  if (typeof output.tokens !== 'number' || output.tokens > mostOutput) {
    return notAllowed(output.field ?? '', `The user allows ${mostOutput} output tokens an answer.`);
  }
  return { kind: 'bounded', body: bounded, output };
}
