import type { FailureMeaning } from '../failure.ts';

/** What providers refuse for, whatever their words for it. */

export const keyIsBad: FailureMeaning = {
  status: 403,
  code: 'provider_key_invalid',
  message: "The provider does not accept the user's key any more. Its owner can replace it.",
  keyIsBad: true,
  fixedAt: 'keys',
};

export const lacksPermission: FailureMeaning = {
  status: 403,
  code: 'provider_key_invalid',
  message:
    "The user's key is not permitted to do this. Its owner can give it the permission at the provider.",
  fixedAt: 'keys',
};

export const outOfQuota: FailureMeaning = {
  status: 429,
  code: 'provider_quota_exceeded',
  message: "The user's account with the provider has no quota left. Its owner can see to its billing.",
  fixedAt: 'billing',
};

export const rateLimited: FailureMeaning = {
  status: 429,
  code: 'provider_rate_limited',
  message: "The provider's rate limit for the user's account is reached. Try again later.",
};
