import type { LineContext } from '../catalog/batch_line.ts';
import type { Match } from '../catalog/match.ts';
import type { CheckedBody } from '../catalog/policy.ts';
import type { Provider } from '../catalog/provider.ts';
import type { Config } from '../config.ts';
import { isObject, type JsonObject } from '../lib/json.ts';
import type { ObjectStore } from '../store/contract/objects.ts';
import { allowsModel } from '../store/decide.ts';
import type { ProviderAccess } from '../store/records.ts';
import type { Caller } from './authenticate.ts';
import { type BatchInput, type ReadBatchInput, readBatchInput } from './batch_input.ts';
import { Refusal, undecided } from './refusal.ts';

/** A call that may have to do with others that are run later. */
interface BatchCall {
  readonly provider: Provider;
  readonly caller: Caller;
  readonly match: Match;
}

/** Calls that an earlier one has brought. */
export interface FoundCalls extends BatchInput {
  /** The field that names their file. */
  readonly place: string;
}

/** Calls that a body brings. */
export interface BroughtCalls extends ReadBatchInput {
  /** The body to send, with what may go on of them. */
  readonly body: JsonObject;
}

/**
 * Finds what this call runs, of what an earlier one has brought. Whether the file is the grant's own is seen to before.
 * @returns null for a call that runs no others
 * @throws Refusal when the file is none of calls, or of other ones
 */
export async function findCalls(
  store: ObjectStore,
  { provider, caller, match }: BatchCall,
  checked: CheckedBody | null,
): Promise<FoundCalls | null> {
  const { batch: rules } = match.route;
  if (rules?.kind !== 'run' || !checked) return null;
  const { file, endpoint } = rules;
  const named = checked.objects.find(({ param, id }) => param === file && id === checked.body[file]);
  const found = named && (await store.findObject(caller.grantId, provider.name, named).catch(undecided));
  if (!found?.detail || !('endpoint' in found.detail)) {
    const message = `${file} must name a file that was uploaded with calls in it.`;
    throw new Refusal('invalid_request', message, { param: file });
  }
  const input = found.detail as BatchInput;
  if (checked.body[endpoint] === input.endpoint) return { ...input, place: file };
  const message = `The calls in the file are for ${input.endpoint}.`;
  throw new Refusal('invalid_request', message, { param: endpoint });
}

/**
 * Reads the calls that a body brings.
 * @param limits of token and grant
 * @returns null for a body that brings none
 * @throws Refusal when one of them may not go on
 */
export async function bringCalls(
  { maxJsonBody: longestLine }: Pick<Config, 'maxJsonBody'>,
  { provider, match }: BatchCall,
  checked: CheckedBody | null,
  { limits, pseudonym }: Pick<LineContext, 'pseudonym'> & { readonly limits: readonly ProviderAccess[] },
): Promise<BroughtCalls | null> {
  const { batch: rules } = match.route;
  if (rules?.kind !== 'input' || checked?.body[rules.purpose.field] !== rules.purpose.is) return null;
  const file = checked.body[rules.file];
  if (!isObject(file) || !(file.bytes instanceof Uint8Array)) {
    throw new Refusal('invalid_request', `${rules.file} must be a file.`, { param: rules.file });
  }
  const caps = limits.map(({ max_output_tokens: cap = Number.POSITIVE_INFINITY }) => cap);
  const read = await readBatchInput(rules, provider, file.bytes, {
    pseudonym,
    longestLine,
    mostOutput: Math.min(...caps),
    allows: (model) => limits.every((access) => allowsModel(access, model)),
  });
  return { ...read, body: { ...checked.body, [rules.file]: { ...file, bytes: read.bytes } } };
}

/** Whether a call asks for the content of what holds answers, one on each line. */
export async function asksForAnswers(
  store: ObjectStore,
  { provider, caller, match }: BatchCall,
): Promise<boolean> {
  const [named] = match.objects;
  if (!match.route.answer.isContent || !named) return false;
  const found = await store.findObject(caller.grantId, provider.name, named).catch(undecided);
  return Object.hasOwn(found?.detail ?? {}, 'holdsAnswers');
}
