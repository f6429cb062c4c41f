import type Anthropic from '@anthropic-ai/sdk';
import { type Answer, json } from '../answer.ts';
import { anthropicErrors } from '../anthropic_errors.ts';
import { specialModels } from '../faults.ts';
import { requireExisting } from './models.ts';

const ordinary = [
  'claude-opus-5-5',
  'claude-sonnet-5',
  'claude-opus-5',
  'claude-haiku-4-5-20251001',
  'claude-sonnet-4-5-20250929',
];

function model(id: string): Anthropic.ModelInfo {
  return {
    type: 'model',
    id,
    display_name: id,
    created_at: '2026-01-01T00:00:00Z',
    line: null,
    lifecycle: 'active',
    deprecated_at: null,
    retires_at: null,
    capabilities: null,
    max_input_tokens: 200_000,
    max_tokens: 64_000,
  };
}

/** GET /v1/models: ordinary names and every special one, all on one page. */
export function listClaudeModels(): Answer {
  const data = [...ordinary, ...specialModels.map(({ name }) => name)].map(model);
  return json({ data, has_more: false, first_id: data[0]?.id, last_id: data.at(-1)?.id });
}

/** GET /v1/models/{model} */
export function retrieveClaudeModel(id: string): Answer {
  requireExisting(id, anthropicErrors);
  return json(model(id));
}
