import { type ErrorWords, Refusal } from './errors.ts';

/** The account that the sandbox pretends to belong to. Brokers must not let these names through. */
export const geminiAccount = { project: 'gen-lang-client-0123456789', number: '123456789012' } as const;

const { project, number } = geminiAccount;

export const geminiErrors: ErrorWords = {
  missingKey: () =>
    refusal(
      403,
      'PERMISSION_DENIED',
      'Method does not allow unregistered callers (callers without established identity).',
    ),
  incorrectKey: () =>
    refusal(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', 'API_KEY_INVALID'),
  notPermitted: () =>
    refusal(
      403,
      'PERMISSION_DENIED',
      `Generative Language API has not been used in project ${number} before or it is disabled.`,
      'SERVICE_DISABLED',
    ),
  insufficientQuota: () =>
    refusal(
      429,
      'RESOURCE_EXHAUSTED',
      `Your prepayment credits are depleted. Please manage project ${project} and billing.`,
    ),
  rateLimited: (model) =>
    refusal(
      429,
      'RESOURCE_EXHAUSTED',
      `You exceeded your current quota of ${model} in projects/${number}. Please retry in 2s.`,
      null,
      { 'retry-after': '2' },
    ),
  serverError: () => refusal(500, 'INTERNAL', `An internal error has occurred in projects/${number}.`),
  unavailable: () => refusal(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
  modelNotFound: (model) =>
    refusal(
      404,
      'NOT_FOUND',
      `models/${model} is not found for API version v1beta, or is not supported for this method.`,
    ),
  unknownUrl: () => refusal(404, 'NOT_FOUND', 'Not found.'),
};

function refusal(
  status: number,
  type: string,
  message: string,
  code: string | null = null,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return new Refusal(status, { message, type, param: null, code }, headers);
}
