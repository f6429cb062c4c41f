import type { Answer } from './answer.ts';
import type { Api } from './api.ts';
import { bill, type Tokens } from './bill.ts';
import { requireExisting } from './endpoints/models.ts';
import { invalidRequest, Refusal } from './errors.ts';
import { applyFault, type Delivery, modelRefusal, promptDelivery } from './faults.ts';
import { type Fields, flagOf, textOf } from './fields.ts';
import type { ParsedBody } from './request_body.ts';
import { matchRoute, type Route, type RunRequest } from './route.ts';
import { seedOf } from './seed.ts';
import type { Shelf } from './shelf.ts';
import { keyRefusal } from './special_keys.ts';

/** A request as far as it could be understood. Nothing about it has been judged yet. */
export interface Incoming {
  readonly api: Api;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly matched: { readonly route: Route; readonly parameters: readonly string[] } | undefined;
  readonly key: string | undefined;
  /** What the key has had made. */
  readonly shelf: Shelf;
  readonly body: ParsedBody | Refusal;
  /** Unix seconds. */
  readonly created: number;
}

export interface Reply {
  readonly answer: Answer;
  readonly delivery: Delivery;
  readonly seed: string;
  /** What is billed for, whatever becomes of the answer on its way; absent: nothing. */
  readonly tokens?: Tokens | undefined;
}

/** Decides what to answer, in the real order: the key, the route, the body, the model, the call itself. */
export function decide(incoming: Incoming): Reply {
  const seed = seedOfIncoming(incoming);
  try {
    return { seed, ...answerIncoming(incoming, seed) };
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem;
    return { seed, answer: refusal(incoming.api, problem, seed), delivery: promptDelivery };
  }
}

/** The model that a request names, or the one its route would use. */
export function modelOf({ matched, body }: Incoming): string | undefined {
  if (matched === undefined || 'keep' in matched.route) return undefined;
  const [parameter] = matched.parameters;
  if (parameter !== undefined) return parameter;
  return matched.route.body === 'none' || body instanceof Refusal
    ? undefined
    : (textOf(body.fields.model) ?? matched.route.defaultModel);
}

function seedOfIncoming({ path, body }: Incoming): string {
  if (body instanceof Refusal) return seedOf(path, {}, []);
  return seedOf(
    path,
    body.fields,
    body.files.map(({ sha256 }) => sha256),
  );
}

function answerIncoming(incoming: Incoming, seed: string): Omit<Reply, 'seed'> {
  const { api, matched, body, query, shelf, created } = incoming;
  const { errors } = api;
  const model = modelOf(incoming);
  const refused = keyRefusal(api, incoming.key, matched?.route, model ?? 'this model');
  if (refused !== undefined) throw refused;
  if (matched === undefined) throw errors.unknownUrl(incoming.method, incoming.path);
  const { route, parameters } = matched;
  if (route.body === 'none' && 'answer' in route) {
    return { answer: route.answer(parameters[0] ?? ''), delivery: promptDelivery };
  }
  if (body instanceof Refusal) throw body;
  if ('keep' in route) {
    const run = (path: string, fields: Fields) => runInside(incoming, path, fields);
    const answer = route.keep({ ids: parameters, query, ...body, shelf, created, run });
    return { answer, delivery: promptDelivery };
  }
  if (model === undefined) throw invalidRequest('you must provide a model parameter');
  requireExisting(model, errors);
  const failure = modelRefusal(errors, model);
  if (failure !== undefined) throw failure;
  const { fields, files } = body;
  const call = { model, fields, files, stream: route.streams ?? flagOf(fields.stream), seed, shelf, created };
  const ordinary = route.answer(call);
  return { ...applyFault(api, call, ordinary), tokens: ordinary.tokens };
}

function runInside(outer: Incoming, path: string, fields: Fields): RunRequest {
  const { routes, path: ground, prices } = outer.api;
  const method = 'POST';
  const matched = matchRoute(routes, method, path.slice(ground.length));
  const inner = { ...outer, method, path, matched, body: { fields, files: [] } };
  const { answer, tokens } = decide(inner);
  const model = modelOf(inner);
  if (answer.kind !== 'json') throw new Error(`${path} answers with ${answer.kind}`);
  const billed = tokens && model !== undefined ? bill(prices, model, tokens, { input: 0, output: 0 }) : 0;
  return { status: answer.status, body: answer.body, billed };
}

/** What a mistake in the sandbox itself looks like. */
export function ownMistake(api: Api, error: unknown): Answer {
  const message = `The sandbox failed: ${error instanceof Error ? error.message : String(error)}`;
  const problem = new Refusal(500, { message, type: 'sandbox_error', param: null, code: null });
  return refusal(api, problem, '');
}

function refusal(api: Api, problem: Refusal, seed: string): Answer {
  const { status, headers } = problem;
  return { kind: 'json', status, body: api.errorBody(problem, seed), headers };
}
