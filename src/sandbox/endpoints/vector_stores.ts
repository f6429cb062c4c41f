import { type Answer, json } from '../answer.ts';
import { fieldsOf, listOf, textOf } from '../fields.ts';
import type { KeptRequest } from '../route.ts';
import { derivedId } from '../seed.ts';
import { type Kept, newSeed, page } from '../shelf.ts';

/** POST /vector_stores */
export function createVectorStore(request: KeptRequest): Answer {
  const { fields, shelf, created } = request;
  const { name = null, metadata = {}, file_ids } = fields;
  const id = derivedId('vs_', newSeed());
  const store = { id, object: 'vector_store', name, metadata, created_at: created, status: 'completed' };
  shelf.put('vector_store', store);
  for (const file of listOf(file_ids)) attach(request, id, file);
  return json(store);
}

/** GET /vector_stores/{vector_store_id} */
export function retrieveVectorStore({ ids: [id = ''], shelf }: KeptRequest): Answer {
  return json(shelf.get('vector_store', id));
}

/** POST /vector_stores/{vector_store_id} */
export function updateVectorStore({ ids: [id = ''], fields, shelf }: KeptRequest): Answer {
  const updated = { ...shelf.get('vector_store', id), ...fields };
  shelf.put('vector_store', updated);
  return json(updated);
}

/** DELETE /vector_stores/{vector_store_id} */
export function deleteVectorStore({ ids: [id = ''], shelf }: KeptRequest): Answer {
  shelf.remove('vector_store', id);
  return json({ id, object: 'vector_store.deleted', deleted: true });
}

/** POST /vector_stores/{vector_store_id}/search: every file of it, each as its id. */
export function searchVectorStore({ ids: [id = ''], fields, shelf }: KeptRequest): Answer {
  shelf.get('vector_store', id);
  const data = shelf.list(filesOf(id)).map((file) => ({
    file_id: file.id,
    filename: 'upload',
    score: 0.5,
    attributes: {},
    content: [{ type: 'text', text: `What is in ${file.id}` }],
  }));
  const object = 'vector_store.search_results.page';
  return json({ object, search_query: [fields.query].flat(), data, has_more: false, next_page: null });
}

/** GET /vector_stores/{vector_store_id}/files */
export function listAttached({ ids: [id = ''], query, shelf }: KeptRequest): Answer {
  shelf.get('vector_store', id);
  return json(page(shelf.list(filesOf(id)), query));
}

/** POST /vector_stores/{vector_store_id}/files */
export function attachFile(request: KeptRequest): Answer {
  const [id = ''] = request.ids;
  request.shelf.get('vector_store', id);
  return json(attach(request, id, request.fields.file_id, request.fields.attributes));
}

/** GET /vector_stores/{vector_store_id}/files/{file_id} */
export function retrieveAttached({ ids: [id = '', file = ''], shelf }: KeptRequest): Answer {
  return json(shelf.get(filesOf(id), file));
}

/** GET /vector_stores/{vector_store_id}/files/{file_id}/content */
export function retrieveAttachedContent({ ids: [id = '', file = ''], shelf }: KeptRequest): Answer {
  shelf.get(filesOf(id), file);
  const data = [{ type: 'text', text: `What is in ${file}` }];
  return json({ object: 'vector_store.file_content.page', data, has_more: false, next_page: null });
}

/** POST /vector_stores/{vector_store_id}/files/{file_id} */
export function updateAttached({ ids: [id = '', file = ''], fields, shelf }: KeptRequest): Answer {
  const updated = { ...shelf.get(filesOf(id), file), attributes: fields.attributes };
  shelf.put(filesOf(id), updated);
  return json(updated);
}

/** DELETE /vector_stores/{vector_store_id}/files/{file_id} */
export function detachFile({ ids: [id = '', file = ''], shelf }: KeptRequest): Answer {
  shelf.remove(filesOf(id), file);
  return json({ id: file, object: 'vector_store.file.deleted', deleted: true });
}

/** POST /vector_stores/{vector_store_id}/file_batches */
export function attachFiles(request: KeptRequest): Answer {
  const { ids, fields, shelf, created } = request;
  const [store = ''] = ids;
  shelf.get('vector_store', store);
  const named = listOf(fields.files).map((file) => fieldsOf(file).file_id);
  const files = [...listOf(fields.file_ids), ...named].map((file) => attach(request, store, file));
  const id = derivedId('vsfb_', newSeed());
  const batch = {
    id,
    object: 'vector_store.file_batch',
    vector_store_id: store,
    created_at: created,
    status: 'completed',
    file_counts: { in_progress: 0, completed: files.length, failed: 0, cancelled: 0, total: files.length },
  };
  shelf.put(batchesOf(store), batch);
  return json(batch);
}

/** GET /vector_stores/{vector_store_id}/file_batches/{batch_id}, and its end */
export function retrieveFileBatch({ ids: [id = '', batch = ''], shelf }: KeptRequest): Answer {
  return json(shelf.get(batchesOf(id), batch));
}

/** GET /vector_stores/{vector_store_id}/file_batches/{batch_id}/files: all files of the store. */
export function listFileBatch({ ids: [id = '', batch = ''], query, shelf }: KeptRequest): Answer {
  shelf.get(batchesOf(id), batch);
  return json(page(shelf.list(filesOf(id)), query));
}

function attach(
  { shelf, created }: KeptRequest,
  store: string,
  file: unknown,
  attributes: unknown = {},
): Kept {
  const { id } = shelf.get('file', textOf(file) ?? '');
  const attached = {
    id,
    object: 'vector_store.file',
    vector_store_id: store,
    attributes,
    created_at: created,
    status: 'completed',
    last_error: null,
  };
  shelf.put(filesOf(store), attached);
  return attached;
}

function filesOf(store: string): string {
  return `file of ${store}`;
}

function batchesOf(store: string): string {
  return `batch of ${store}`;
}
