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
  /** What its tokens cost beyond their price, as a part of it. */
  readonly surcharge?: number;
}

type Place = readonly string[];

/**
 * How usage is written in a provider's answers: count in the price table's terms → where it stands, what sums up to it, what
 * is left of a whole, or the modality that it is the count of, in a list of such.
 */
export type UsageTable = Readonly<
  Record<
    string,
    | Place
    | { readonly sum: readonly Place[] }
    | { readonly whole: Place; readonly without: Place; readonly atLeast: Place }
    | { readonly modality: string; readonly in: string }
  >
>;

/** How the usage of a call is read. */
export interface UsageRules {
  readonly table: UsageTable;
  /** What is counted beside the usage, in what holds it. */
  readonly beside?: UsageTable;
  /** What an answer calls its usage and its model, when not `usage` and `model`. */
  readonly names?: { readonly usage: string; readonly model: string };
  /** Whether an answer is complete and its report leaves nothing out, where that is not so of each. */
  readonly completeBy?: (answer: unknown) => boolean;
  /** Counts without which a report is not complete. */
  readonly always?: readonly string[];
  /** The count of what is spoken, which is dearer than text: no report of a call that may speak is complete without it. */
  readonly spoken?: string;
  /** Every report of a stream is of a further part of it. */
  readonly addsUp?: true;
  /** Each model that a call makes use of has usage of its own. */
  readonly ofEachModel?: true;
  /** Uses of a tool that show in the answer itself: its usage may say nothing of them. */
  readonly shows?: ShownUses;
  /** What holds the usage at the beginning of a stream, when what will be written is still to come. */
  readonly opening?: Place;
  /** What else may hold the usage inside of an answer or event. */
  readonly holder?: Place;
  /** What the call costs in USD, where the usage itself says so; null where it does not. */
  readonly cost?: (reported: JsonObject) => number | null;
  /** What the tokens cost beyond their price, as a part of it, where the usage itself says so. */
  readonly surcharge?: (reported: JsonObject) => number;
  /** Further models at work in a call, and where their usage stands, in what holds it or in each of a list there. */
  readonly sides?: readonly {
    readonly path: Place;
    readonly inEach?: string;
    readonly table: UsageTable;
  }[];
}

/** How an answer shows that a tool was used. */
interface ShownUses {
  /** What the uses are counted in. */
  readonly unit: string;
  /** Stands in the data of every event that shows one. */
  readonly by: string;
  /** A mark for each use, by which it is counted once however often it is shown. */
  readonly marks: (answer: unknown) => readonly string[];
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
  /** Of the uses that were shown. */
  readonly marks: readonly string[];
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
  rules: UsageRules,
  answer: unknown,
  before: UsageReport | null = null,
): UsageReport | null {
  const { table, beside = {}, names = usualNames, holder: ownHolder, cost, sides = [] } = rules;
  const holder = [...holders, ...(ownHolder ? [ownHolder] : [])]
    .map((path) => at(answer, path))
    .find((one) => isObject(at(one, [names.usage])));
  const given = at(holder, [names.usage]);
  const marks = [...new Set([...(before?.marks ?? []), ...(rules.shows?.marks(answer) ?? [])])];
  if (!isObject(given) && marks.length === (before?.marks.length ?? 0)) return null;
  const reported = { ...before?.reported, ...(isObject(given) && withoutNulls(given)) };
  const tokens = counts(table, reported);
  if (!tokens && marks.length === 0) return null;
  const told = rules.addsUp ? sum(before?.usage, tokens) : { ...before?.usage, ...tokens };
  const usage = withShown(rules, marks, { ...told, ...(isObject(holder) && counts(beside, holder)) });
  const usd = cost?.(reported) ?? null;
  const surcharge = rules.surcharge?.(reported) ?? 0;
  const model = modelIn(holder, names.model) ?? before?.charges[0]?.model ?? null;
  return {
    usage,
    charges: [{ model, usage, ...(surcharge > 0 && { surcharge }) }, ...sideCharges(sides, holder)],
    costNanoUsd: usd === null ? null : nanoUsd(usd),
    isFinal: isObject(given) ? isFinal(rules, answer, usage, before) : (before?.isFinal ?? false),
    reported,
    marks,
  };
}

function isFinal(
  { opening, completeBy, always = [] }: UsageRules,
  answer: unknown,
  usage: Usage,
  before: UsageReport | null,
): boolean {
  const isOpening = opening !== undefined && at(answer, opening) !== undefined;
  const isComplete = (before?.isFinal || completeBy?.(answer)) ?? true;
  return !isOpening && isComplete && always.every((name) => usage[name] !== undefined);
}

/**
 * Whether a report says all that its call is paid for by, as far as that goes by the call: each model, and what is spoken.
 * @param checked what the call makes use of, as in a checked body
 */
export function tellsAll(
  { ofEachModel, spoken }: UsageRules,
  checked: { readonly usedModels: ReadonlyMap<string | null, string>; readonly scopes: readonly string[] },
  { charges, usage }: UsageReport,
): boolean {
  const speaks = checked.scopes.some((scope) => scope.endsWith(':audio.speech'));
  const tellsOfSpeech = !spoken || !speaks || usage[spoken] !== undefined;
  return tellsOfSpeech && (!ofEachModel || charges.length >= checked.usedModels.size);
}

function withShown({ shows }: UsageRules, { length }: readonly string[], usage: Usage): Usage {
  return shows && length > 0 ? { ...usage, [shows.unit]: Math.max(length, usage[shows.unit] ?? 0) } : usage;
}

function sum(before: Usage = {}, added: Usage | null): Usage {
  const names = Object.keys({ ...before, ...added });
  return Object.fromEntries(names.map((name) => [name, (before[name] ?? 0) + (added?.[name] ?? 0)]));
}

function sideCharges(sides: NonNullable<UsageRules['sides']>, holder: unknown): readonly Charge[] {
  return sides.flatMap(({ path, inEach, table }) => {
    const list = inEach === undefined ? [holder] : at(holder, [inEach]);
    return (Array.isArray(list) ? list : []).flatMap((one) => {
      const reported = at(one, path);
      const usage = isObject(reported) ? counts(table, reported) : null;
      if (!usage || Object.values(usage).every((count) => count === 0)) return [];
      return [{ model: modelIn(reported), usage }];
    });
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
  if (!('modality' in source)) return [at(reported, source)];
  const list = reported[source.in];
  const entries = Array.isArray(list) ? list.filter(isObject) : [];
  return entries.filter(({ modality }) => modality === source.modality).map(({ tokenCount }) => tokenCount);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
