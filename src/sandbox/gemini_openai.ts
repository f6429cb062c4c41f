import type { Api } from './api.ts';
import { compatible, embeddings } from './compatible.ts';
import { gemini, geminiError } from './gemini.ts';
import { geminiAccount } from './gemini_errors.ts';

/** The API of a simulated Gemini that is after OpenAI's. */
export const geminiOpenai: Api = {
  ...compatible({
    name: 'gemini-openai',
    path: `${gemini.path}/v1beta/openai`,
    prefix: '',
    prices: gemini.prices,
    keyPrefix: gemini.keyPrefix,
    models: ['gemini-2.5-flash', 'gemini-2.5-flash-image', 'gemini-embedding-001'],
    card: (id) => ({ id: `models/${id}`, object: 'model', owned_by: 'google' }),
    more: [embeddings],
  }),
  errors: gemini.errors,
  errorBody: (refusal) => [geminiError(refusal)],
  errorEvent: () => ({
    data: { error: { code: 500, message: `The model crashed in projects/${geminiAccount.number}.` } },
  }),
  headers: gemini.headers,
};
