import { at } from '../../lib/json.ts';
import type { ErrorRules, FailureMeaning } from '../failure.ts';
import { keyIsBad, lacksPermission, outOfQuota, rateLimited } from './failure_meanings.ts';
import { commonPrivateParts } from './private_parts.ts';

const organisationOff: FailureMeaning = {
  ...lacksPermission,
  message: "The user's account with the provider is switched off. Its owner can use another key.",
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
    { status: 401, means: keyIsBad },
    { status: 402, means: outOfQuota },
    { status: 403, means: lacksPermission },
    { status: 429, code: /spend_limit_reached$/, means: outOfQuota },
    { status: 429, message: /credit balance|usage limits|spend limit/i, means: outOfQuota },
    { status: 429, means: rateLimited },
    {
      status: 529,
      means: { status: 502, code: 'provider_error', message: 'The provider is overloaded. Try again later.' },
    },
  ],
  callersFault: /^(invalid_|request_too_large)/,
  privateText:
    /\bsk-ant-[\w*.-]+|\b(?:wrkspc|req|org|user|apikey|file|container)_(?=[a-z]*[A-Z0-9])[A-Za-z0-9]{6,}|\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b|[\w.+-]+@[\w-]+\.[\w.-]+/g,
  privateParts: commonPrivateParts,
  inBody: (body) => at(body, ['error']),
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
