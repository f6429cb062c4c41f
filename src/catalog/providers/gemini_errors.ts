import { at, isObject, type JsonObject } from '../../lib/json.ts';
import type { ErrorRules, FailureMeaning, WireError } from '../failure.ts';
import { commonPrivateParts } from './private_parts.ts';

const keyIsBad: FailureMeaning = {
  status: 403,
  code: 'provider_key_invalid',
  message: "The provider does not accept the user's key any more. Its owner can replace it.",
  keyIsBad: true,
  fixedAt: 'keys',
};

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

/** Google's names of what went wrong (`google.rpc.Code`), by status. */
const names: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

export const errors: ErrorRules = {
  failures: [
    // By the reason alone: messages repeat what an app has sent.
    { status: 400, code: /^API_KEY_/, means: keyIsBad },
    // Where the account is, or what it has not been set up for.
    {
      status: 400,
      code: /^FAILED_PRECONDITION$/,
      means: {
        ...lacksPermission,
        message: "The user's account with the provider cannot do this. Its owner can see to its billing.",
        fixedAt: 'billing',
      },
    },
    { status: 401, means: keyIsBad },
    { status: 402, means: outOfQuota },
    { status: 403, message: /^Your API key was reported as leaked/, means: keyIsBad },
    { status: 403, means: lacksPermission },
    { status: 429, code: /PerDay|PerMonth/, means: outOfQuota },
    { status: 429, message: /credits are depleted|spending (cap|limit)|limit: 0\b/i, means: outOfQuota },
    {
      status: 429,
      means: {
        status: 429,
        code: 'provider_rate_limited',
        message: "The provider's rate limit for the user's account is reached. Try again later.",
      },
    },
  ],
  callersFault: /^(INVALID_ARGUMENT|NOT_FOUND|OUT_OF_RANGE)$/,
  privateText:
    /\bAIza[\w.*-]+|\bAQ\.[\w.*-]+|\b(?:projects?|consumer|tunedModels|files|cachedContents)[/:][\w:.-]+|\bgen-lang-client-\d+|\b\d{9,}\b|\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b|[\w.+-]+@[\w-]+\.[\w.-]+/g,
  privateParts: commonPrivateParts,
  inBody: (body) => at(body, ['error']),
  plain: ({ message, status, details }) => ({ message, type: status, code: reasonIn(details) }),
  codePath: ['code'],
  body: (error, { status }) => ({ error: inItsShape(error, status) }),
  embedded: (error) => inItsShape(error, statusOf(error.type)),
};

/** Why, in the word that Google has for it: of an error, or of the quota that is used up for longest. */
function reasonIn(details: unknown): unknown {
  if (!Array.isArray(details)) return null;
  const entries = details.filter(isObject);
  const reason = entries.find((entry) => typeof entry.reason === 'string')?.reason;
  const quotas = entries.flatMap(({ violations }) => (Array.isArray(violations) ? violations : []));
  const ids = quotas.filter(isObject).map(({ quotaId }) => String(quotaId));
  return reason ?? ids.find((id) => /PerDay|PerMonth/.test(id)) ?? ids[0];
}

/** The code stands where Google's own reasons do (`google.rpc.ErrorInfo`). */
function inItsShape({ type, code, message, source, ...more }: WireError, status: number): JsonObject {
  const isNamed = source === 'provider' && /^[A-Z_]+$/.test(type ?? '');
  const name = isNamed ? type : (names[status] ?? 'INTERNAL');
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code, domain: source };
  return { code: status, message, status: name, details: code === null ? [] : [info], source, ...more };
}

function statusOf(name: string | null): number {
  const found = Object.entries(names).find(([, one]) => one === name);
  return found ? Number(found[0]) : 500;
}
