/** The inside of OpenAI's error shape: `{"error": {…}}`. */
export interface ErrorBody {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** The account that the sandbox pretends to belong to. Brokers must not let these names through. */
export const account = {
  organization: 'org-SandboxAccount0001',
  project: 'proj_SandboxAccount0001',
} as const;

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

/** A refusal of the kind that OpenAI blames on the request; 400 unless told otherwise. */
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

/** 404 for an address that is no route. */
export function unknownUrl(method: string, path: string): Refusal {
  return invalidRequest(`Invalid URL (${method} ${path})`, { status: 404 });
}

/** 404 for a model that there is not. */
export function modelNotFound(model: string): Refusal {
  const message = `The model \`${model}\` does not exist or you do not have access to it.`;
  return invalidRequest(message, { status: 404, code: 'model_not_found' });
}

/** 413. @param limit in bytes */
export function bodyTooLarge(limit: number): Refusal {
  return invalidRequest(`Maximum content size limit (${limit} bytes) exceeded.`, { status: 413 });
}

/** 401 for a request without a key. */
export function missingKey(): Refusal {
  const message =
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer " +
    'auth (i.e. Authorization: Bearer YOUR_KEY).';
  return invalidRequest(message, { status: 401 });
}

/** 401 for a key that is not known. As the real one, the message repeats parts of it: brokers must not hand it on. */
export function incorrectKey(key: string): Refusal {
  const masked = key.length > 16 ? `${key.slice(0, 8)}${'*'.repeat(12)}${key.slice(-4)}` : '*'.repeat(8);
  const message =
    `Incorrect API key provided: ${masked}. ` +
    'You can find your API key at https://platform.openai.com/account/api-keys.';
  return invalidRequest(message, { status: 401, code: 'invalid_api_key' });
}

/** A restricted key's refusal, whose message names the account. */
export function missingScopes(status: 401 | 403, scope: string): Refusal {
  const message =
    `You have insufficient permissions for this operation. Missing scopes: ${scope}. Check that you have the ` +
    `correct role in your organization (${account.organization}) and project (${account.project}), and if you're ` +
    'using a restricted API key, that it has the necessary scopes.';
  return invalidRequest(message, { status, code: status === 403 ? 'missing_scope' : null });
}

/** 429 for an account without money. */
export function insufficientQuota(): Refusal {
  const message = 'You exceeded your current quota, please check your plan and billing details.';
  return new Refusal(429, { message, type: 'insufficient_quota', param: null, code: 'insufficient_quota' });
}

/** 429 with `retry-after`; the message names the organization. */
export function rateLimited(model: string): Refusal {
  const message =
    `Rate limit reached for ${model} in organization ${account.organization} on tokens per min (TPM): ` +
    'Limit 30000, Used 29990, Requested 1010. Please try again in 2s.';
  return new Refusal(
    429,
    { message, type: 'tokens', param: null, code: 'rate_limit_exceeded' },
    { 'retry-after': '2', 'retry-after-ms': '2000' },
  );
}

/** A failure of the provider; the message names the organization. */
export function serverError(status: 500 | 503): Refusal {
  const message =
    'The server had an error while processing your request. Sorry about that! (Please include the organization ' +
    `${account.organization} in your message to support.)`;
  return new Refusal(status, { message, type: 'server_error', param: null, code: null });
}
