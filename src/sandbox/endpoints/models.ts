import type OpenAI from 'openai';
import { type Answer, json } from '../answer.ts';
import type { ErrorWords } from '../errors.ts';
import { specialModels } from '../faults.ts';
import { openaiErrors } from '../openai_errors.ts';

/** Names that begin like this don't exist. Every other name is a model. */
const nonexistent = 'nonexistent';

/** 2024-01-01, in Unix seconds. */
const createdAt = 1_704_067_200;

/** A fine-tuned model carries the name of its organization, which an app has no business to know. */
const fineTuned = 'ft:gpt-4o-mini-2024-07-18:sandbox-account::abc12345';

const ordinary = [
  'gpt-6-sol',
  'gpt-5.5',
  'gpt-5.4-mini',
  'gpt-5',
  'gpt-4.1',
  'gpt-4o',
  'gpt-4o-mini',
  'gpt-3.5-turbo-instruct',
  'o4-mini',
  'text-embedding-3-large',
  'text-embedding-3-small',
  'text-embedding-ada-002',
  'omni-moderation-latest',
  'gpt-image-2',
  'gpt-image-1-mini',
  'dall-e-3',
  'dall-e-2',
  'tts-1',
  'gpt-4o-mini-tts',
  'gpt-4o-transcribe',
  'whisper-1',
];

function model(id: string): OpenAI.Model {
  const owner = id.startsWith('ft:') ? 'sandbox-account' : id.startsWith('sandbox-') ? 'sandbox' : 'system';
  return { id, object: 'model', created: createdAt, owned_by: owner };
}

/** GET /models: ordinary names, a fine-tuned one, and every special one. */
export function listModels(): Answer {
  const names = [...ordinary, fineTuned, ...specialModels.map(({ name }) => name)];
  return json({ object: 'list', data: names.map(model) });
}

/** GET /models/{model} */
export function retrieveModel(id: string): Answer {
  requireExisting(id, openaiErrors);
  return json(model(id));
}

/** Throws the provider's refusal for a model whose name says that it doesn't exist. */
export function requireExisting(name: string, { modelNotFound }: ErrorWords): void {
  if (name.startsWith(nonexistent)) throw modelNotFound(name);
}
