import { type ErrorWords, Refusal } from './errors.ts';

/** The account that the sandbox pretends to belong to. Brokers must not let these names through. */
export const anthropicAccount = {
  organization: '5a4db0c5-0001-4000-8000-acc0a47a0001',
  workspace: 'wrkspc_01SandboxAccount0001',
} as const;

const { organization, workspace } = anthropicAccount;

export const anthropicErrors: ErrorWords = {
  missingKey: () => refusal(401, 'authentication_error', 'x-api-key header is required'),
  incorrectKey: () => refusal(401, 'authentication_error', 'invalid x-api-key'),
  notPermitted: () =>
    refusal(
      403,
      'permission_error',
      `Your API key does not have permission to use this resource in workspace ${workspace} of ${organization}.`,
    ),
  insufficientQuota: () =>
    refusal(
      400,
      'invalid_request_error',
      'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
    ),
  rateLimited: (model) =>
    refusal(
      429,
      'rate_limit_error',
      `This request would exceed the rate limit for your organization (${organization}) of 30,000 input tokens per minute for ${model}.`,
      { 'retry-after': '2' },
    ),
  serverError: () =>
    refusal(
      500,
      'api_error',
      `Internal server error. Please name ${organization} in your message to support.`,
    ),
  unavailable: () => refusal(529, 'overloaded_error', 'Overloaded'),
  modelNotFound: (model) => refusal(404, 'not_found_error', `model: ${model}`),
  unknownUrl: () => refusal(404, 'not_found_error', 'Not found'),
};

function refusal(
  status: number,
  type: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return new Refusal(status, { message, type, param: null, code: null }, headers);
}
