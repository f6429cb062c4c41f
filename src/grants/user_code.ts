import { randomInt } from 'node:crypto';

/** Consonants that are not taken for each other, and make no words (RFC 8628 §6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ';

/** Twenty to the eighth, 2.5 × 10¹⁰: with a few guesses allowed to each person, and a quarter of an hour, enough. */
const length = 8;

/** A code for a person to type, such as `WDJB-MJHT`. */
export function newUserCode(): string {
  const code = Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
  return shown(code);
}

/** The code that somebody typed, as it was given out; null when it cannot be one. Case, dashes and blanks do not count. */
export function readUserCode(typed: string): string | null {
  const code = typed.toUpperCase().replace(/[\s\p{Pd}]/gu, '');
  return code.length === length && [...code].every((letter) => letters.includes(letter)) ? shown(code) : null;
}

function shown(code: string): string {
  return `${code.slice(0, length / 2)}-${code.slice(length / 2)}`;
}
