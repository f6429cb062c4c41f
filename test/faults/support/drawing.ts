import type { Shot } from './attacker.ts';
import type { Random } from './random.ts';

/** Draws one thing to ask. @param text found in no other */
export type Draw = (random: Random, text: string) => Shot;

/** What is fired at a provider, and what is asked again and again in the end: so dear that a dollar is soon used up. */
export interface Arms {
  readonly shots: readonly Draw[];
  readonly last: Draw;
}

/** Models without a known price, and such as never say what they have used or break off. */
export const troublesome = [
  ...['unheard-of', 'sandbox-long-30', 'sandbox-slow-100'],
  ...['sandbox-no-usage', 'sandbox-cut', 'sandbox-stream-error', 'sandbox-garbage', 'sandbox-500'],
];

export const pick = <Item>(random: Random, items: readonly [Item, ...Item[]]): Item =>
  items[random.between(0, items.length)] ?? items[0];

/** The app stays in two of three cases. */
export function leaves(random: Random): Pick<Shot, 'leaves'> {
  return pick<Pick<Shot, 'leaves'>>(random, [
    {},
    {},
    {},
    {},
    { leaves: { after: random.between(0, 400) } },
    { leaves: { atByte: random.between(1, 6_000) } },
  ]);
}
