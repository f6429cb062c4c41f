import type { JsonObject } from '../lib/json.ts';
import { type BodyRefusal, invalid } from './body_refusal.ts';
import type { Usage } from './usage.ts';

/** A tool that runs at the provider, as often as the model asks for it. */
export interface HostedTool {
  /** What its uses are counted in, by the price table's name where it has one. */
  readonly unit: string;
  /** How often it can be used in one call; null when nothing bounds it. */
  readonly most: number | null;
  /** The field of the tool or of the call that has the provider keep to it; absent where it does so unasked. */
  readonly by?: { readonly of: 'tool' | 'call'; readonly field: string };
  /** What it costs at most beside tokens, in nano-USD: each use, or all of them in one call. Absent: nothing. */
  readonly fee?: { readonly nanoUsd: number; readonly per: 'use' | 'call' };
  /** The usage names the unit only where there has been a use. */
  readonly isSilent?: true;
  /** For its sake the model reads no more than a short description, until it has used it. */
  readonly isReadLater?: true;
  /** The most tokens of what it has found that the model reads at once; absent: as many as there is room for. */
  readonly longestFinding?: number;
  /** The app does not say how often it may be used, so that the broker may choose less than the most. */
  readonly isOpen?: true;
}

/**
 * Has the provider keep to a tool's bound, or to a smaller one that the app has set.
 * @param object the tool or the call, whichever has the field
 * @param prefix what stands before the field where it is named: nothing, or where the tool is and a dot
 * @param chosen how often it may be used where the app does not say; absent: as often as can be
 * @returns the object with the bound in it, and the tool with the uses that are left to it
 */
export function withBound(
  tool: HostedTool,
  object: JsonObject,
  prefix: string,
  chosen = Number.MAX_SAFE_INTEGER,
): { readonly kind: 'bound'; readonly tool: HostedTool; readonly object: JsonObject } | BodyRefusal {
  if (!tool.by) return { kind: 'bound', tool, object };
  const { field } = tool.by;
  const asked = object[field] ?? null;
  const requested = asked ?? chosen;
  if (typeof requested !== 'number' || !Number.isSafeInteger(requested) || requested < 0) {
    return invalid(prefix + field, `${prefix + field} must be a whole number.`);
  }
  const most = Math.min(requested, tool.most ?? requested);
  const bounded: HostedTool = { ...tool, most, ...(asked === null && { isOpen: true }) };
  return { kind: 'bound', tool: bounded, object: { ...object, [field]: most } };
}

/** The same for all the tools that a call offers, as far as the bound is one of the call. */
export function withBoundsOfCall(
  tools: readonly HostedTool[],
  call: JsonObject,
  hasField: (field: string) => boolean,
  chosen?: number,
):
  | { readonly kind: 'bound'; readonly tools: readonly HostedTool[]; readonly call: JsonObject }
  | BodyRefusal {
  let bounded = call;
  const offered: HostedTool[] = [];
  for (const tool of tools) {
    const isOfCall = tool.by?.of === 'call' && hasField(tool.by.field);
    const bound = isOfCall ? withBound(tool, call, '', chosen) : null;
    if (bound?.kind === 'refused') return bound;
    bounded = bound?.object ?? bounded;
    offered.push(bound?.tool ?? tool);
  }
  return { kind: 'bound', tools: offered, call: bounded };
}

/** What stands for the number of uses where nothing bounds them. No provider promises to stop there. */
const usesUnbounded = 10;

const largestFee = ({ most, fee }: HostedTool): number =>
  fee ? fee.nanoUsd * (fee.per === 'call' ? 1 : (most ?? usesUnbounded)) : 0;

/** What tools can cost beside tokens in one call, in nano-USD. */
function largestFees(tools: readonly HostedTool[]): number {
  return tools.reduce((sum, tool) => sum + largestFee(tool), 0);
}

/** What grows with how often tools may be used: what there is of it in any case, and what each use adds that is left to the broker. */
export interface ByUses {
  readonly fixed: number;
  readonly perUse: number;
}

/** How often the broker may let tools be used at most that the app leaves open; 0 where it leaves none. */
export function mostOpenUses(tools: readonly HostedTool[]): number {
  return Math.max(0, ...tools.map(({ isOpen, most }) => (isOpen ? (most ?? 0) : 0)));
}

/** What tools can cost beside tokens in one call, in nano-USD. */
export function feesByUses(tools: readonly HostedTool[]): ByUses {
  const isPerUse = ({ isOpen, fee }: HostedTool) => isOpen && fee?.per === 'use';
  return {
    fixed: largestFees(tools.filter((tool) => !isPerUse(tool))),
    perUse: tools.filter(isPerUse).reduce((sum, { fee }) => sum + (fee?.nanoUsd ?? 0), 0),
  };
}

/** How often at most the model reads everything anew: after each use of a tool. */
export function rereadings(tools: readonly HostedTool[]): ByUses {
  const ofCall = tools.filter(({ by }) => by?.of === 'call');
  const others = tools.filter((tool) => !ofCall.includes(tool));
  const openOfCall = ofCall.filter(({ isOpen }) => isOpen);
  // Where nothing bounds them, what tools have found is told with what was asked, as if read once more.
  const uses = (set: readonly HostedTool[]) => set.map(({ isOpen, most }) => (isOpen ? 0 : (most ?? 1)));
  return {
    fixed: Math.max(0, ...uses(ofCall)) + uses(others).reduce((sum, most) => sum + most, 0),
    perUse: Math.min(1, openOfCall.length) + others.filter(({ isOpen }) => isOpen).length,
  };
}

/** The fees of tools that the usage says nothing of, in nano-USD: each may have been used as often as it could. */
export function unreportedFees(tools: readonly HostedTool[], usage: Usage): number {
  return largestFees(tools.filter(({ unit, isSilent }) => !isSilent && usage[unit] === undefined));
}

/** The fees of the uses that the usage tells, in nano-USD, where the price table has none for them. */
export function reportedFees(tools: readonly HostedTool[], usage: Usage): number {
  const byUnit = new Map(tools.map((tool) => [tool.unit, tool]));
  return [...byUnit.values()].reduce(
    (sum, { unit, fee }) => sum + (usage[unit] ?? 0) * (fee?.nanoUsd ?? 0),
    0,
  );
}
