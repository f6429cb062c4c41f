/** What in answers can tell of the account, by the keys under which it stands. */
export interface PrivateParts {
  /** What is said of the account: apps do not get it. */
  readonly account: ReadonlySet<string>;
  /** What the model or the app has written, with keys of its own. It is not looked into. */
  readonly freeForm: ReadonlySet<string>;
  /** Where an answer has the error that it ends with, beside itself. */
  readonly ends: ReadonlySet<string>;
  /** Finds in the text of an answer whatever can be the account, or an error. */
  readonly mention: RegExp;
}

/** Keys of errors: of the answer, or of a part of one that is good. */
export const errorKeys: ReadonlySet<string> = new Set(['error', 'errors', 'last_error', 'error_message']);

/** Each by its keys. */
export function privateParts({
  account,
  freeForm,
  ends,
}: Readonly<Record<'account' | 'freeForm' | 'ends', readonly string[]>>): PrivateParts {
  const keys = [...errorKeys, ...account].join('|');
  return {
    account: new Set(account),
    freeForm: new Set(freeForm),
    ends: new Set(ends),
    // Inside a JSON string the quotes around the word would be escaped.
    mention: new RegExp(`"(?:${keys})"(?!\\s*:\\s*null)|_error"\\s*[,}]`),
  };
}
