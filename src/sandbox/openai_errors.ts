import { type ErrorWords, invalidRequest, Refusal } from './errors.ts';

/** The account that the sandbox pretends to belong to. Brokers must not let these names through. */
export const openaiAccount = {
  organization: 'org-SandboxAccount0001',
  project: 'proj_SandboxAccount0001',
} as const;

const { organization, project } = openaiAccount;

export const openaiErrors: ErrorWords = {
  missingKey() {
    const message =
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer " +
      'auth (i.e. Authorization: Bearer YOUR_KEY).';
    return invalidRequest(message, { status: 401 });
  },

  // As the real one, the message repeats parts of the key: brokers must not hand it on.
  incorrectKey(key) {
    const masked = key.length > 16 ? `${key.slice(0, 8)}${'*'.repeat(12)}${key.slice(-4)}` : '*'.repeat(8);
    const message =
      `Incorrect API key provided: ${masked}. ` +
      'You can find your API key at https://platform.openai.com/account/api-keys.';
    return invalidRequest(message, { status: 401, code: 'invalid_api_key' });
  },

  notPermitted(what) {
    const scope = what === 'models' ? 'api.model.read' : 'model.request';
    const message =
      `You have insufficient permissions for this operation. Missing scopes: ${scope}. Check that you have the ` +
      `correct role in your organization (${organization}) and project (${project}), and if you're ` +
      'using a restricted API key, that it has the necessary scopes.';
    return what === 'models'
      ? invalidRequest(message, { status: 403, code: 'missing_scope' })
      : invalidRequest(message, { status: 401 });
  },

  insufficientQuota() {
    const message = 'You exceeded your current quota, please check your plan and billing details.';
    return new Refusal(429, { message, type: 'insufficient_quota', param: null, code: 'insufficient_quota' });
  },

  rateLimited(model) {
    const message =
      `Rate limit reached for ${model} in organization ${organization} on tokens per min (TPM): ` +
      'Limit 30000, Used 29990, Requested 1010. Please try again in 2s.';
    return new Refusal(
      429,
      { message, type: 'tokens', param: null, code: 'rate_limit_exceeded' },
      { 'retry-after': '2', 'retry-after-ms': '2000' },
    );
  },

  serverError: () => serverError(500),
  unavailable: () => serverError(503),

  modelNotFound(model) {
    const message = `The model \`${model}\` does not exist or you do not have access to it.`;
    return invalidRequest(message, { status: 404, code: 'model_not_found' });
  },

  unknownUrl: (method, path) => invalidRequest(`Invalid URL (${method} ${path})`, { status: 404 }),
};

function serverError(status: 500 | 503): Refusal {
  const message =
    'The server had an error while processing your request. Sorry about that! (Please include the organization ' +
    `${organization} in your message to support.)`;
  return new Refusal(status, { message, type: 'server_error', param: null, code: null });
}
