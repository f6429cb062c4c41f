import type { ErrorRules, FailureMeaning } from '../failure.ts';

const lacksPermission: FailureMeaning = {
  status: 403,
  code: 'provider_key_invalid',
  message:
    "The user's key is not permitted to do this. Its owner can give it the permission at the provider.",
  fixedAt: 'keys',
};

const organisationOff: FailureMeaning = {
  ...lacksPermission,
  message: "The user's account with the provider is switched off. Its owner can use another key.",
};

const outOfQuota: FailureMeaning = {
  status: 429,
  code: 'provider_quota_exceeded',
  message: "The user's account with the provider has no quota left. Its owner can see to its billing.",
  fixedAt: 'billing',
};

/** The kinds of error that its SDK and its documentation know, by status. */
const types: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

export const errors: ErrorRules = {
  failures: [
    { status: 400, message: /credit balance|usage limits/i, means: outOfQuota },
    { status: 400, code: /^organization_on_hold$/, means: organisationOff },
    { status: 400, message: /organization has been disabled/i, means: organisationOff },
    {
      status: 401,
      means: {
        status: 403,
        code: 'provider_key_invalid',
        message: "The provider does not accept the user's key any more. Its owner can replace it.",
        keyIsBad: true,
        fixedAt: 'keys',
      },
    },
    { status: 402, means: outOfQuota },
    { status: 403, means: lacksPermission },
    { status: 429, code: /spend_limit_reached$/, means: outOfQuota },
    { status: 429, message: /credit balance|usage limits|spend limit/i, means: outOfQuota },
    {
      status: 429,
      means: {
        status: 429,
        code: 'provider_rate_limited',
        message: "The provider's rate limit for the user's account is reached. Try again later.",
      },
    },
    {
      status: 529,
      means: { status: 502, code: 'provider_error', message: 'The provider is overloaded. Try again later.' },
    },
  ],
  callersFault: /^(invalid_|request_too_large)/,
  privateText:
    /\bsk-ant-[\w*.-]+|\b(?:wrkspc|req|org|user|apikey|file|container)_(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{6,}|\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b|[\w.+-]+@[\w-]+\.[\w.-]+/g,
  codePath: ['details', 'error_code'],
  body: (error, { status, requestId }) => ({
    type: 'error',
    error: {
      ...error,
      type: error.source === 'provider' ? error.type : (types[status] ?? 'api_error'),
      // Where its SDK finds the code.
      ...(error.code === null ? {} : { details: { error_code: error.code } }),
    },
    request_id: requestId,
  }),
};
