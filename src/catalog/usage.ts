import { at, isObject, type JsonObject } from '../lib/json.ts';
import { nanoUsd } from './nano_usd.ts';

/** Counts of one call in the price table's terms. */
export type Usage = Readonly<Record<string, number>>;

/** What is to be paid for: counts, and the model they are priced by when it is not the call's own. */
export interface Charge {
  readonly model: string | null;
  readonly usage: Usage;
  /** The most tokens of it that can have been read at once, where that is less than all. */
  readonly readAtOnce?: number;
}

type Place = readonly string[];

/**
 * How usage is written in a provider's answers: count in the price table's terms → where it stands, what sums up to it, what
 * is left of a whole, the modality that it is the count of, in a list of such, or the lists that it is the length of, one in
 * each of a list.
 */
export type UsageTable = Readonly<
  Record<
    string,
    | Place
    | { readonly sum: readonly Place[] }
    | { readonly whole: Place; readonly without: Place; readonly atLeast: Place }
    | { readonly modality: string; readonly in: string }
    | { readonly lengthOf: Place; readonly inEach: string }
  >
>;

/** How the usage of a call is read. */
export interface UsageRules {
  readonly table: UsageTable;
  /** What is counted beside the usage, in what holds it. */
  readonly beside?: UsageTable;
  /** What an answer calls its usage and its model, when not `usage` and `model`. */
  readonly names?: { readonly usage: string; readonly model: string };
  /** Where an answer says that it is complete, if earlier reports are not to be taken for the last. */
  readonly completeBy?: (answer: unknown) => boolean;
  /** What holds the usage at the beginning of a stream, when what will be written is still to come. */
  readonly opening?: Place;
  /** What else may hold the usage inside of an answer or event. */
  readonly holder?: Place;
  /** What the call costs in USD, where the usage itself says so; null where it does not. */
  readonly cost?: (reported: JsonObject) => number | null;
  /** Further models at work in a call, and where their usage stands. */
  readonly sides?: readonly { readonly path: Place; readonly table: UsageTable }[];
}

/** What an answer, or the events of a stream so far, report. */
export interface UsageReport {
  readonly usage: Usage;
  readonly charges: readonly Charge[];
  /** What the provider says that the call costs, in integer nano-USD; null when it does not say. */
  readonly costNanoUsd: number | null;
  /** Nothing more is to come; until then it says how much at least. */
  readonly isFinal: boolean;
  /** As the provider wrote it. */
  readonly reported: JsonObject;
}

const usualNames = { usage: 'usage', model: 'model' };

/** What an answer calls its usage. */
export function usageName({ names = usualNames }: UsageRules): string {
  return names.usage;
}

/** What may hold the usage inside of an answer or event. */
const holders: readonly Place[] = [[], ['response'], ['message']];

/**
 * Reads the usage that an answer reports.
 * @param answer a whole JSON answer or the data of one event
 * @param before what earlier events of the stream have reported; it stands where this one says nothing
 * @returns null when it reports none
 */
export function readUsage(
  {
    table,
    beside = {},
    names = usualNames,
    opening,
    completeBy,
    holder: ownHolder,
    cost,
    sides = [],
  }: UsageRules,
  answer: unknown,
  before: UsageReport | null = null,
): UsageReport | null {
  const holder = [...holders, ...(ownHolder ? [ownHolder] : [])]
    .map((path) => at(answer, path))
    .find((one) => isObject(at(one, [names.usage])));
  const given = at(holder, [names.usage]);
  if (!isObject(given)) return null;
  const reported = { ...before?.reported, ...withoutNulls(given) };
  const tokens = counts(table, reported);
  if (!tokens) return null;
  const usage = { ...before?.usage, ...tokens, ...(isObject(holder) && counts(beside, holder)) };
  const usd = cost?.(reported) ?? null;
  const model = modelIn(holder, names.model) ?? before?.charges[0]?.model ?? null;
  return {
    usage,
    charges: [{ model, usage }, ...sideCharges(sides, holder)],
    costNanoUsd: usd === null ? null : nanoUsd(usd),
    isFinal:
      (opening === undefined || holder !== at(answer, opening)) &&
      ((before?.isFinal || completeBy?.(answer)) ?? true),
    reported,
  };
}

function sideCharges(sides: NonNullable<UsageRules['sides']>, holder: unknown): readonly Charge[] {
  return sides.flatMap(({ path, table }) => {
    const reported = at(holder, path);
    const usage = isObject(reported) ? counts(table, reported) : null;
    if (!usage || Object.values(usage).every((count) => count === 0)) return [];
    return [{ model: modelIn(reported), usage }];
  });
}

function modelIn(holder: unknown, name = usualNames.model): string | null {
  const model = at(holder, [name]);
  return typeof model === 'string' ? model : null;
}

function counts(table: UsageTable, reported: JsonObject): Usage | null {
  const usage: Record<string, number> = {};
  for (const [name, source] of Object.entries(table)) {
    const found = countsAt(source, reported).filter(isCount);
    if (found.length > 0) usage[name] = found.reduce((sum, count) => sum + count);
  }
  return Object.keys(usage).length > 0 ? usage : null;
}

function countsAt(source: UsageTable[string], reported: JsonObject): readonly unknown[] {
  if ('sum' in source) return source.sum.map((place) => at(reported, place));
  if ('whole' in source) {
    const rest = Number(at(reported, source.whole)) - Number(at(reported, source.without));
    return [Math.max(...[rest, at(reported, source.atLeast)].filter(isCount))];
  }
  if ('lengthOf' in source) return lengths(source.lengthOf, reported[source.inEach]);
  if (!('modality' in source)) return [at(reported, source)];
  const list = reported[source.in];
  const entries = Array.isArray(list) ? list.filter(isObject) : [];
  return entries.filter(({ modality }) => modality === source.modality).map(({ tokenCount }) => tokenCount);
}

function lengths(place: Place, holders: unknown): readonly unknown[] {
  const lists = Array.isArray(holders) ? holders.map((holder) => at(holder, place)) : [];
  return lists.filter(Array.isArray).map(({ length }) => length);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
