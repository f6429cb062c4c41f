import type { ErrorRules, FailureMeaning } from '../failure.ts';

const lacksPermission: FailureMeaning = {
  status: 403,
  code: 'provider_key_invalid',
  message:
    "The user's key is not permitted to do this. Its owner can give it the permission at the provider.",
  fixedAt: 'keys',
};

const outOfQuota: FailureMeaning = {
  status: 429,
  code: 'provider_quota_exceeded',
  message: "The user's account with the provider has no quota left. Its owner can see to its billing.",
  fixedAt: 'billing',
};

export const errors: ErrorRules = {
  failures: [
    { status: 401, message: /missing scopes|insufficient permissions/i, means: lacksPermission },
    { status: 401, code: /^(missing_scope|mismatched_|ip_not_authorized)/, means: lacksPermission },
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
    { status: 429, code: /^(insufficient_quota|billing_)/, means: outOfQuota },
    {
      status: 429,
      means: {
        status: 429,
        code: 'provider_rate_limited',
        message: "The provider's rate limit for the user's account is reached. Try again later.",
      },
    },
  ],
  callersFault:
    /^(invalid_|image_|unsupported_|empty_image|failed_to_download|bio_policy|content_|context_length)/,
  privateText:
    /\b(?:org-|proj_|sk-|ek_|sess-|ft:)[\w*.:-]{2,}[\w*]|\b(?:user-|req_|key_|acct_)(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{6,}|\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b|[\w.+-]+@[\w-]+\.[\w.-]+/g,
  codePath: ['code'],
  body: (error) => ({ error }),
};
