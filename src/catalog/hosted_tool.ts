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
}

/**
 * Has the provider keep to a tool's bound, or to a smaller one that the app has set.
 * @param object the tool or the call, whichever has the field
 * @param prefix what stands before the field where it is named: nothing, or where the tool is and a dot
 * @returns the object with the bound in it, and the tool with the uses that are left to it
 */
export function withBound(
  tool: HostedTool,
  object: JsonObject,
  prefix: string,
): { readonly kind: 'bound'; readonly tool: HostedTool; readonly object: JsonObject } | BodyRefusal {
  if (!tool.by) return { kind: 'bound', tool, object };
  const { field } = tool.by;
  const requested = object[field] ?? tool.most;
  if (typeof requested !== 'number' || !Number.isSafeInteger(requested) || requested < 0) {
    return invalid(prefix + field, `${prefix + field} must be a whole number.`);
  }
  const most = Math.min(requested, tool.most ?? requested);
  return { kind: 'bound', tool: { ...tool, most }, object: { ...object, [field]: most } };
}

/** The same for all the tools that a call offers, as far as the bound is one of the call. */
export function withBoundsOfCall(
  tools: readonly HostedTool[],
  call: JsonObject,
  hasField: (field: string) => boolean,
):
  | { readonly kind: 'bound'; readonly tools: readonly HostedTool[]; readonly call: JsonObject }
  | BodyRefusal {
  let bounded = call;
  const offered: HostedTool[] = [];
  for (const tool of tools) {
    const isOfCall = tool.by?.of === 'call' && hasField(tool.by.field);
    const bound = isOfCall ? withBound(tool, bounded, '') : null;
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
export function largestFees(tools: readonly HostedTool[]): number {
  return tools.reduce((sum, tool) => sum + largestFee(tool), 0);
}

/** How often at most the model reads everything: once, and again after each use of a tool. */
export function mostReadings(tools: readonly HostedTool[]): number {
  // Where nothing bounds them, what tools have found is told with what was asked, as if read once more.
  const ofCall = tools.filter(({ by }) => by?.of === 'call').map(({ most }) => most ?? 1);
  const others = tools.filter(({ by }) => by?.of !== 'call').map(({ most }) => most ?? 1);
  return 1 + Math.max(0, ...ofCall) + others.reduce((sum, most) => sum + most, 0);
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
