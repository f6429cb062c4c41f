/** What an error says: the inside of OpenAI's error shape; others leave out what they have no place for. */
export interface ErrorBody {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** An answer that is an error. Thrown anywhere below `decide`, written in one place. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: ErrorBody, headers: Readonly<Record<string, string>> = {}) {
    super(body.message);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Refusals that each provider puts in words of its own. */
export interface ErrorWords {
  /** A request without a key. */
  readonly missingKey: () => Refusal;
  /** A key that is not known. */
  readonly incorrectKey: (key: string) => Refusal;
  /** A key that may not do this; the message names the account. */
  readonly notPermitted: (what: 'models' | 'others') => Refusal;
  /** An account without money. */
  readonly insufficientQuota: () => Refusal;
  /** With `retry-after: 2`; the message names the account. */
  readonly rateLimited: (model: string) => Refusal;
  /** A failure of the provider; the message names the account. */
  readonly serverError: () => Refusal;
  /** The provider has too much to do. */
  readonly unavailable: () => Refusal;
  readonly modelNotFound: (model: string) => Refusal;
  readonly unknownUrl: (method: string, path: string) => Refusal;
}

/** A refusal of the kind that is blamed on the request; 400 unless told otherwise. */
export function invalidRequest(
  message: string,
  more: { readonly status?: number; readonly param?: string; readonly code?: string | null } = {},
): Refusal {
  const { status = 400, param = null, code = null } = more;
  return new Refusal(status, { message, type: 'invalid_request_error', param, code });
}

/** 400 for a parameter or file that has to be there. */
export function missingParameter(param: string): Refusal {
  return invalidRequest(`Missing required parameter: '${param}'.`, {
    param,
    code: 'missing_required_parameter',
  });
}

/** 400 for a parameter that is there and wrong. @param expected what it should be, after "expected" */
export function invalidValue(param: string, expected: string): Refusal {
  return invalidRequest(`Invalid value for '${param}': expected ${expected}.`, {
    param,
    code: 'invalid_value',
  });
}

/** 413. @param limit in bytes */
export function bodyTooLarge(limit: number): Refusal {
  return invalidRequest(`Maximum content size limit (${limit} bytes) exceeded.`, { status: 413 });
}
