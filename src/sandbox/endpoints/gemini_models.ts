import type { Model } from '@google/genai';
import { type Answer, json } from '../answer.ts';
import { specialModels } from '../faults.ts';
import { geminiErrors } from '../gemini_errors.ts';
import { requireExisting } from './models.ts';

const ordinary = [
  'gemini-3.8-flash',
  'gemini-3-pro-preview',
  'gemini-2.5-pro',
  'gemini-2.5-flash',
  'gemini-2.5-flash-image',
  'gemini-embedding-001',
];

function model(id: string): Model & { readonly supportedGenerationMethods: readonly string[] } {
  return {
    name: `models/${id}`,
    version: '001',
    displayName: id,
    description: 'A simulated model',
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
  };
}

/** GET …/models: ordinary names and every special one, all on one page. */
export function listGeminiModels(): Answer {
  return json({ models: [...ordinary, ...specialModels.map(({ name }) => name)].map(model) });
}

/** GET …/models/{model} */
export function retrieveGeminiModel(id: string): Answer {
  requireExisting(id, geminiErrors);
  return json(model(id));
}
