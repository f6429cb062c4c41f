/** What is done about content that the provider's moderation finds harmful, the mildest first. */
export const moderations = ['off', 'flag', 'block'] as const;

export type Moderation = (typeof moderations)[number];

/** Of several who have a say, the strictest is heard. */
export function strictest(...settings: readonly Moderation[]): Moderation {
  return moderations.findLast((one) => settings.includes(one)) ?? 'off';
}

/** In milliseconds: for so long a flagged call counts towards the suspension of its app. */
export const flagsCountFor = 86_400_000;

/** People are shown no larger number of flagged calls. */
export const mostFlagsCounted = 1_000;

/** In the record of a call, in the place of categories: its content could not be judged, or not all of it. */
export const unchecked = 'unchecked';

/** Whether something was found in a call. @param flags as in its record */
export function isFlagged(flags: string | null): boolean {
  return flags !== null && flags !== unchecked;
}
