import type { FieldRule, FieldRules } from '../fields.ts';
import type { Route } from '../route.ts';
import { anything, held } from './openai_answers.ts';
import { batchInput } from './openai_batch_routes.ts';
import { allowAll, upload } from './openai_common_fields.ts';
import {
  batch,
  fileOf,
  files,
  kept,
  listParameters,
  makes,
  uploadOf,
  uploadPartOf,
  vectorStoreOf,
} from './openai_kept.ts';

/** Files that OpenAI keeps, the parts in which large ones come, and the stores in which they are searched. */

const advice = 'Name what the app itself has uploaded.';

/** Others prepare what is not lent, such as fine-tuning. */
const purposes = ['user_data', 'vision'];
const forBatch = batchInput.purpose.is;

const purpose: FieldRule = {
  kind: 'limit',
  to: [...purposes, forBatch],
  scopes: { [forBatch]: batch },
  advice: 'Only files with the purpose "user_data", "vision" or "batch" are lent.',
};

/** Into what comes in parts nobody looks. */
const purposeOfParts: FieldRule = {
  kind: 'limit',
  to: purposes,
  advice: 'Only uploads with the purpose "user_data" or "vision" are lent.',
};

const fileFields: FieldRules = {
  purpose,
  file: upload,
  ...allowAll('expires_after[anchor]', 'expires_after[seconds]'),
};

const uploadFields: FieldRules = {
  purpose: purposeOfParts,
  ...allowAll('bytes', 'filename', 'mime_type', 'expires_after'),
};

const vectorStoreFields: FieldRules = {
  file_ids: kept(fileOf, advice),
  ...allowAll('name', 'description', 'metadata', 'expires_after', 'chunking_strategy'),
};

const attachmentFields: FieldRules = {
  file_id: kept(fileOf, advice),
  ...allowAll('attributes', 'chunking_strategy'),
};

const attachmentsFields: FieldRules = {
  file_ids: kept(fileOf, advice),
  files: { kind: 'list', fields: attachmentFields },
  ...allowAll('attributes', 'chunking_strategy'),
};

const searchFields = allowAll('query', 'filters', 'max_num_results', 'ranking_options', 'rewrite_query');

const json = (fields: FieldRules) => ({ body: { kind: 'json', fields } }) as const;
const multipart = (fields: FieldRules) => ({ body: { kind: 'multipart', fields } }) as const;

const common = { scope: files, body: { kind: 'none' }, answer: held, usage: null } as const;
const ofFile = { ...common, kept: { file_id: 'file' } } as const;
const ofUpload = { ...common, kept: { upload_id: 'upload' } } as const;
const ofVectorStore = { ...common, kept: { vector_store_id: 'vector_store' } } as const;

const vectorStore = '/vector_stores/{vector_store_id}';
const listed = { ...listParameters, filter: /^[a-z_]{1,32}$/ };

export const fileRoutes: readonly Route[] = [
  {
    ...common,
    method: 'POST',
    path: '/files',
    ...multipart(fileFields),
    batch: batchInput,
    makes: makes({ ...fileOf, detail: 'call' }),
  },
  { ...ofFile, method: 'GET', path: '/files/{file_id}' },
  {
    ...ofFile,
    method: 'GET',
    path: '/files/{file_id}/content',
    answer: { ...anything, isContent: true },
  },
  { ...ofFile, method: 'DELETE', path: '/files/{file_id}', deletes: true },

  { ...common, method: 'POST', path: '/uploads', ...json(uploadFields), makes: makes(uploadOf) },
  {
    ...ofUpload,
    method: 'POST',
    path: '/uploads/{upload_id}/parts',
    ...multipart({ data: upload }),
    makes: makes(uploadPartOf),
  },
  {
    ...ofUpload,
    method: 'POST',
    path: '/uploads/{upload_id}/complete',
    ...json({ part_ids: kept(uploadPartOf, advice), ...allowAll('md5') }),
    makes: makes(fileOf, ['file', 'id']),
  },
  { ...ofUpload, method: 'POST', path: '/uploads/{upload_id}/cancel' },

  {
    ...common,
    method: 'POST',
    path: '/vector_stores',
    ...json(vectorStoreFields),
    makes: makes(vectorStoreOf),
  },
  { ...ofVectorStore, method: 'GET', path: vectorStore },
  {
    ...ofVectorStore,
    method: 'POST',
    path: vectorStore,
    ...json(allowAll('name', 'metadata', 'expires_after')),
  },
  { ...ofVectorStore, method: 'DELETE', path: vectorStore, deletes: true },
  { ...ofVectorStore, method: 'POST', path: `${vectorStore}/search`, ...json(searchFields) },
  { ...ofVectorStore, method: 'GET', path: `${vectorStore}/files`, parameters: listed },
  { ...ofVectorStore, method: 'POST', path: `${vectorStore}/files`, ...json(attachmentFields) },
  { ...ofVectorStore, method: 'GET', path: `${vectorStore}/files/{file_id}` },
  {
    ...ofVectorStore,
    method: 'POST',
    path: `${vectorStore}/files/{file_id}`,
    ...json(allowAll('attributes')),
  },
  { ...ofVectorStore, method: 'DELETE', path: `${vectorStore}/files/{file_id}` },
  { ...ofVectorStore, method: 'GET', path: `${vectorStore}/files/{file_id}/content` },
  { ...ofVectorStore, method: 'POST', path: `${vectorStore}/file_batches`, ...json(attachmentsFields) },
  { ...ofVectorStore, method: 'GET', path: `${vectorStore}/file_batches/{batch_id}` },
  { ...ofVectorStore, method: 'POST', path: `${vectorStore}/file_batches/{batch_id}/cancel` },
  {
    ...ofVectorStore,
    method: 'GET',
    path: `${vectorStore}/file_batches/{batch_id}/files`,
    parameters: listed,
  },
];
