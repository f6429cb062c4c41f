import { at } from '../../lib/json.ts';
import type { FieldRules } from '../fields.ts';
import type { BatchInputRules, LateCostRules, Route } from '../route.ts';
import { held, untold } from './openai_answers.ts';
import { allow } from './openai_common_fields.ts';
import { batch, batchOf, fileOf, files, kept, makes } from './openai_kept.ts';
import { responsesUsage } from './openai_usage.ts';

/** Calls that OpenAI makes within a day, many at a time and at half the price. */

const paths = ['/chat/completions', '/completions', '/responses', '/embeddings', '/moderations'];

/** As lines name it, with what stands before it in the base URL. */
const endpoints = Object.fromEntries(paths.map((path) => [`/v1${path}`, path]));

/** In a file that is uploaded. */
export const batchInput: BatchInputRules = {
  kind: 'input',
  purpose: { field: 'purpose', is: 'batch' },
  file: 'file',
  endpoints,
  filesScope: files,
};

const batchFields: FieldRules = {
  input_file_id: kept(fileOf, 'Name a file that the app itself has uploaded with the purpose "batch".'),
  endpoint: {
    kind: 'limit',
    to: Object.keys(endpoints),
    advice: `Batches are lent of ${Object.keys(endpoints).join(', ')}.`,
  },
  completion_window: { kind: 'limit', to: ['24h'], advice: 'completion_window must be "24h".' },
  metadata: allow,
  output_expires_after: { kind: 'object', fields: { anchor: allow, seconds: allow } },
};

const lateCost: LateCostRules = {
  kind: batchOf.kind,
  usage: responsesUsage,
  endings: ['completed', 'expired', 'cancelled', 'failed'],
  share: 1 / 2,
  isFree: (ended) => at(ended, ['request_counts', 'completed']) === 0,
};

/** What has been written is read as files. */
const results = makes({ ...fileOf, scope: batch, detail: 'answers' }, ['output_file_id'], ['error_file_id']);

const common = { scope: batch, answer: held, makes: results } as const;
const ofBatch = {
  ...common,
  kept: { batch_id: batchOf.kind },
  body: { kind: 'none' },
  usage: null,
  lateCost,
} as const;

export const batchRoutes: readonly Route[] = [
  {
    ...common,
    method: 'POST',
    path: '/batches',
    body: { kind: 'json', fields: batchFields },
    content: 'elsewhere',
    batch: { kind: 'run', file: 'input_file_id', endpoint: 'endpoint' },
    makes: [...makes({ ...batchOf, detail: 'call' }), ...results],
    usage: untold,
  },
  { ...ofBatch, method: 'GET', path: '/batches/{batch_id}' },
  { ...ofBatch, method: 'POST', path: '/batches/{batch_id}/cancel' },
];
