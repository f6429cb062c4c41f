import type { ContentfulStatusCode } from 'hono/utils/http-status';

/**
 * Error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7591 §3.2.2, RFC 8628 §3.5, RFC 8707 §2, RFC 9396 §5, RFC 9449 §12.2 and OpenID Connect
 * Core §3.1.2.6, and the one of ours that the proxy has too.
 */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_authorization_details'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_token'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'access_denied'
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'grant_revoked'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'temporarily_unavailable';

const statusOf: Readonly<Partial<Record<ErrorCode, ContentfulStatusCode>>> = {
  invalid_client: 401,
  invalid_token: 401,
  grant_revoked: 401,
  temporarily_unavailable: 503,
};

interface Detail {
  /** For the log only: what exactly was wrong. Never a secret, token, code or verifier. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** In place of the code's usual status. */
  readonly status?: ContentfulStatusCode;
  /** Seconds until trying again makes sense. */
  readonly retryAfter?: number;
  /** What the next proof of possession has to hold (RFC 9449 §8). */
  readonly dpopNonce?: string | undefined;
  /** WWW-Authenticate, in place of the code's usual one. */
  readonly challenge?: string;
}

/** A refusal by the authorization server: a code and a description for the client, details for the log. */
export class OAuthError extends Error {
  override name = 'OAuthError';
  readonly code: ErrorCode;
  /** For the developer of the client: what is wrong and what to do. Holds nothing that was sent to us, but a redirect URI to register, quoted and cut. */
  readonly description: string;
  readonly status: ContentfulStatusCode;
  readonly detail: string | undefined;
  readonly retryAfter: number | undefined;
  readonly dpopNonce: string | undefined;
  readonly challenge: string | undefined;

  constructor(code: ErrorCode, description: string, more: Detail = {}) {
    super(`${code}: ${description}`, { cause: more.cause });
    this.code = code;
    // RFC 6749 §5.2 leaves these characters for descriptions.
    this.description = description.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'");
    this.status = more.status ?? statusOf[code] ?? 400;
    this.detail = more.detail;
    this.retryAfter = more.retryAfter;
    this.dpopNonce = more.dpopNonce;
    this.challenge = more.challenge;
  }
}

/** Any failure as a refusal: what we did not foresee is our trouble, passing, and no fault of the client. */
export function asOAuthError(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  return new OAuthError('temporarily_unavailable', 'The server cannot answer right now; try again shortly.', {
    cause: error,
    retryAfter: 2,
  });
}

/** An error as it goes over the wire in JSON (RFC 6749 §5.2). */
export function errorResponse(error: OAuthError): {
  readonly status: ContentfulStatusCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: ErrorCode; readonly error_description: string };
} {
  return {
    status: error.status,
    headers: {
      // RFC 9110 §15.5.2: a 401 names at least one challenge.
      ...(error.status === 401 ? { 'WWW-Authenticate': error.challenge ?? challengeOf(error) } : {}),
      ...retryHeader(error),
      ...(error.dpopNonce === undefined ? {} : { 'DPoP-Nonce': error.dpopNonce }),
    },
    body: { error: error.code, error_description: error.description },
  };
}

/** How the client is to prove itself, or for `invalid_token` its token's owner (RFC 6750 §3). */
function challengeOf({ code }: OAuthError): string {
  return code === 'invalid_token'
    ? `Bearer realm="coatcheck", error="${code}"`
    : 'Basic realm="coatcheck", charset="UTF-8"';
}

/** When to try again, where that is known (RFC 9110 §10.2.3). */
export function retryHeader({ retryAfter }: OAuthError): Readonly<Record<string, string>> {
  return retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
}
