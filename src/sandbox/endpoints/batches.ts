import type OpenAI from 'openai';
import { parseJson } from '../../lib/json.ts';
import { type Answer, json } from '../answer.ts';
import { invalidRequest, missingParameter } from '../errors.ts';
import { type Fields, fieldsOf, integerOf, textOf } from '../fields.ts';
import type { KeptRequest } from '../route.ts';
import { derivedId } from '../seed.ts';
import { type Kept, newSeed, type Shelf } from '../shelf.ts';
import { contentOf, keepFile } from './files.ts';

/** What is paid for in a batch, of the usual price. */
const share = 1 / 2;

/** POST /batches */
export function createBatch({ fields, shelf, created }: KeptRequest): Answer {
  const lacking = ['input_file_id', 'endpoint', 'completion_window'].find(
    (name) => fields[name] === undefined,
  );
  if (lacking !== undefined) throw missingParameter(lacking);
  const { input_file_id, endpoint, completion_window, metadata = null } = fields;
  const input = shelf.get('file', textOf(input_file_id) ?? '');
  if (input.purpose !== 'batch') {
    throw invalidRequest(`Invalid purpose '${input.purpose}'.`, { param: 'input_file_id' });
  }
  return keep(shelf, {
    id: derivedId('batch_', newSeed()),
    object: 'batch',
    endpoint,
    input_file_id,
    completion_window,
    metadata,
    status: 'validating',
    created_at: created,
    output_file_id: null,
    error_file_id: null,
    request_counts: { total: 0, completed: 0, failed: 0 },
  });
}

/** GET /batches/{batch_id}: one that is looked at gets a step further. */
export function retrieveBatch(request: KeptRequest): Answer {
  const { ids, shelf, created } = request;
  const batch = shelf.get('batch', ids[0] ?? '');
  switch (batch.status) {
    case 'validating':
      return keep(shelf, { ...batch, status: 'in_progress', in_progress_at: created });
    case 'in_progress':
      return complete(batch, request);
    case 'cancelling':
      return keep(shelf, { ...batch, status: 'cancelled', cancelled_at: created });
    default:
      return json(batch);
  }
}

/** POST /batches/{batch_id}/cancel: nothing of it has been done yet. */
export function cancelBatch({ ids, shelf, created }: KeptRequest): Answer {
  const batch = shelf.get('batch', ids[0] ?? '');
  if (batch.status !== 'validating' && batch.status !== 'in_progress') {
    throw invalidRequest(`Cannot cancel a batch with status '${batch.status}'.`, { status: 409 });
  }
  return keep(shelf, { ...batch, status: 'cancelling', cancelling_at: created });
}

function complete(batch: Kept, { shelf, created, run }: KeptRequest): Answer {
  const input = Buffer.from(contentOf(shelf.get('content', textOf(batch.input_file_id) ?? ''))).toString();
  const lines = input.trimEnd().split('\n').map(parseJson).map(fieldsOf);
  const answered = lines.map(({ custom_id, url, body }) => {
    const { status, body: answer, billed } = run(textOf(url) ?? '', fieldsOf(body));
    const request_id = derivedId('req_', newSeed());
    const response = { status_code: status, request_id, body: answer };
    return { id: derivedId('batch_req_', newSeed()), custom_id, response, error: null, billed };
  });
  const isDone = ({ response }: (typeof answered)[number]) => response.status_code === 200;
  const done = answered.filter(isDone);
  const failed = answered.filter((line) => !isDone(line));
  const fileOf = (outcome: typeof answered, filename: string) => {
    if (outcome.length === 0) return null;
    const written = outcome.map(({ billed: _, ...line }) => `${JSON.stringify(line)}\n`).join('');
    return keepFile(shelf, Buffer.from(written), { purpose: 'batch_output', filename, created }).id;
  };
  const completed = {
    ...batch,
    status: 'completed',
    completed_at: created,
    output_file_id: fileOf(done, 'output.jsonl'),
    error_file_id: fileOf(failed, 'error.jsonl'),
    request_counts: { total: lines.length, completed: done.length, failed: failed.length },
    usage: sumUp(done.map(({ response }) => fieldsOf(fieldsOf(response.body).usage))),
  };
  const billed = answered.reduce((sum, line) => sum + line.billed, 0);
  return { ...keep(shelf, completed), billed: Math.ceil(billed * share) };
}

/** Of chats and of responses alike. */
function sumUp(usages: readonly Fields[]): OpenAI.BatchUsage {
  const sum = (...names: readonly string[]) =>
    usages.flatMap((usage) => names.map((name) => integerOf(usage[name]) ?? 0)).reduce((a, b) => a + b, 0);
  const input_tokens = sum('prompt_tokens', 'input_tokens');
  const output_tokens = sum('completion_tokens', 'output_tokens');
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input_tokens + output_tokens,
  };
}

function keep(shelf: Shelf, batch: Kept): Answer {
  shelf.put('batch', batch);
  return json(batch);
}
