/** The inside of OpenAI's error shape: `{"error": {…}}`. */
export type ErrorBody = {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
};

/** The account that the sandbox pretends to belong to. Brokers must not let these names through. */
export const ACCOUNT = {
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

/** 400 for a request that OpenAI would not understand. */
export function invalidRequest(
  message: string,
  param: string | null = null,
  code: string | null = null,
): Refusal {
  return new Refusal(400, { message, type: 'invalid_request_error', param, code });
}

export function missingParameter(name: string): Refusal {
  return invalidRequest(`Missing required parameter: '${name}'.`, name, 'missing_required_parameter');
}

export function invalidValue(name: string, expected: string): Refusal {
  return invalidRequest(`Invalid value for '${name}': expected ${expected}.`, name, 'invalid_value');
}

export function unknownUrl(method: string, path: string): Refusal {
  const message = `Invalid URL (${method} ${path})`;
  return new Refusal(404, { message, type: 'invalid_request_error', param: null, code: null });
}

export function modelNotFound(model: string): Refusal {
  return new Refusal(404, {
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    type: 'invalid_request_error',
    param: null,
    code: 'model_not_found',
  });
}

export function bodyTooLarge(limit: number): Refusal {
  const message = `Maximum content size limit (${limit} bytes) exceeded.`;
  return new Refusal(413, { message, type: 'invalid_request_error', param: null, code: null });
}

export function missingKey(): Refusal {
  const message =
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer " +
    'auth (i.e. Authorization: Bearer YOUR_KEY).';
  return new Refusal(401, { message, type: 'invalid_request_error', param: null, code: null });
}

/** As the real one, the message repeats parts of the key: brokers must not hand it on. */
export function incorrectKey(key: string): Refusal {
  const masked = key.length > 16 ? `${key.slice(0, 8)}${'*'.repeat(12)}${key.slice(-4)}` : '*'.repeat(8);
  const message =
    `Incorrect API key provided: ${masked}. ` +
    'You can find your API key at https://platform.openai.com/account/api-keys.';
  return new Refusal(401, { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' });
}

export function missingScopes(status: 401 | 403, scope: string): Refusal {
  const message =
    `You have insufficient permissions for this operation. Missing scopes: ${scope}. Check that you have the ` +
    `correct role in your organization (${ACCOUNT.organization}) and project (${ACCOUNT.project}), and if you're ` +
    'using a restricted API key, that it has the necessary scopes.';
  return new Refusal(status, {
    message,
    type: 'invalid_request_error',
    param: null,
    code: status === 403 ? 'missing_scope' : null,
  });
}

export function insufficientQuota(): Refusal {
  const message = 'You exceeded your current quota, please check your plan and billing details.';
  return new Refusal(429, { message, type: 'insufficient_quota', param: null, code: 'insufficient_quota' });
}

export function rateLimited(model: string): Refusal {
  const message =
    `Rate limit reached for ${model} in organization ${ACCOUNT.organization} on tokens per min (TPM): ` +
    'Limit 30000, Used 29990, Requested 1010. Please try again in 2s.';
  return new Refusal(
    429,
    { message, type: 'tokens', param: null, code: 'rate_limit_exceeded' },
    { 'retry-after': '2', 'retry-after-ms': '2000' },
  );
}

export function serverError(status: 500 | 503 = 500): Refusal {
  const message =
    'The server had an error while processing your request. Sorry about that! (Please include the organization ' +
    `${ACCOUNT.organization} in your message to support.)`;
  return new Refusal(status, { message, type: 'server_error', param: null, code: null });
}
