import { inspect } from 'node:util';

/** What a secret prints as, whoever asks. */
const redacted = '[secret]';

/**
 * A value that must never reach a log, a page or an error: it prints as `[secret]` in string conversion, JSON and
 * `util.inspect`. Only code that hands the value to where it belongs calls `unwrap`.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  unwrap(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
