import type { Left } from '../store/admission.ts';

/** Every way the broker itself refuses a call: its code on the wire, and what goes with it. */
const refusals = {
  invalid_request: { status: 400, type: 'invalid_request_error' },
  content_flagged: { status: 400, type: 'invalid_request_error' },
  content_unchecked: { status: 400, type: 'invalid_request_error' },
  invalid_token: { status: 401, type: 'authentication_error' },
  grant_revoked: { status: 401, type: 'authentication_error' },
  budget_exceeded: { status: 402, type: 'insufficient_quota' },
  insufficient_scope: { status: 403, type: 'permission_error' },
  model_not_allowed: { status: 403, type: 'permission_error' },
  field_not_allowed: { status: 403, type: 'permission_error' },
  no_credential: { status: 403, type: 'permission_error' },
  provider_key_invalid: { status: 403, type: 'permission_error' },
  not_delegable: { status: 404, type: 'invalid_request_error' },
  request_timeout: { status: 408, type: 'invalid_request_error' },
  body_too_large: { status: 413, type: 'invalid_request_error' },
  budget_reserved: { status: 429, type: 'rate_limit_error' },
  rate_limited: { status: 429, type: 'rate_limit_error' },
  provider_rate_limited: { status: 429, type: 'rate_limit_error' },
  provider_quota_exceeded: { status: 429, type: 'insufficient_quota' },
  provider_error: { status: 502, type: 'server_error' },
  broker_unavailable: { status: 503, type: 'server_error' },
  provider_timeout: { status: 504, type: 'server_error' },
} as const;

export type RefusalCode = keyof typeof refusals;

export interface RefusalDetails {
  readonly param?: string;
  /** Where a person can fix it. */
  readonly actionUrl?: string;
  /** Response header names and values beyond those that every refusal has. */
  readonly headers?: readonly string[];
  /** What the grant still allows, where that is why. */
  readonly left?: Left;
  /** For the log only. */
  readonly cause?: unknown;
}

/** A call that is refused. The message is public and says what to do; `cause` goes to the log only. */
export class Refusal extends Error {
  override name = 'Refusal';
  readonly code: RefusalCode;
  readonly status: number;
  readonly type: string;
  readonly details: RefusalDetails;

  constructor(code: RefusalCode, message: string, details: RefusalDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = refusals[code].status;
    this.type = refusals[code].type;
    this.details = details;
  }

  /** The same with more details. */
  with(more: RefusalDetails): Refusal {
    return new Refusal(this.code, this.message, { ...this.details, ...more });
  }
}

/** The broker itself is not up to it; soon it may be. @param cause for the log */
export function unavailable(message: string, cause: unknown): Refusal {
  return new Refusal('broker_unavailable', message, { headers: ['retry-after', '1'], cause });
}

/** Whether a call may go on cannot be found out. @param cause for the log @throws Refusal */
export function undecided(cause: unknown): never {
  throw unavailable('The broker cannot decide about calls just now. Try again.', cause);
}

/** Statuses at which another attempt gives the same answer; SDKs would try 408, 409 and 429 again. */
export function isFinal(status: number, code: string | null): boolean {
  return (status >= 400 && status <= 404) || status === 413 || code === 'provider_quota_exceeded';
}
