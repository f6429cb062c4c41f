import { type Answer, bytes, json, nothing } from '../answer.ts';
import type { Call } from '../call.ts';
import { missingParameter } from '../errors.ts';
import { type Fields, listOf, textOf } from '../fields.ts';
import type { KeptRequest } from '../route.ts';
import { derivedId } from '../seed.ts';
import { type Kept, newSeed, page } from '../shelf.ts';

type Keeping = Pick<Call, 'shelf' | 'created'>;

/** The container that a call names, or a fresh one, with a file that the code in it has written. @returns its id */
export function useContainer(keeping: Keeping, named: unknown): string {
  const { id } =
    typeof named === 'string'
      ? keeping.shelf.get('container', named)
      : keepContainer(keeping, { name: 'auto' });
  keepFile(keeping, id, { path: '/mnt/data/answer.txt', bytes: 2, source: 'assistant' });
  return id;
}

function keepContainer({ shelf, created }: Keeping, fields: Fields): Kept {
  const id = derivedId('cntr_', newSeed());
  const container = { ...fields, id, object: 'container', created_at: created, status: 'running' };
  shelf.put('container', container);
  return container;
}

function keepFile({ shelf, created }: Keeping, container: string, fields: Fields): Kept {
  const id = derivedId('cfile_', newSeed());
  const file = { ...fields, id, object: 'container.file', created_at: created, container_id: container };
  shelf.put(filesOf(container), file);
  return file;
}

/** POST /containers */
export function createContainer({ fields, ...keeping }: KeptRequest): Answer {
  const { name, expires_after, memory_limit, network_policy, file_ids } = fields;
  if (textOf(name) === undefined) throw missingParameter('name');
  for (const id of listOf(file_ids)) keeping.shelf.get('file', String(id));
  return json(keepContainer(keeping, { name, expires_after, memory_limit, network_policy }));
}

/** DELETE /containers/{container_id} */
export function deleteContainer({ ids: [id = ''], shelf }: KeptRequest): Answer {
  shelf.remove('container', id);
  return nothing();
}

/** POST /containers/{container_id}/files: a file that is sent, or one that is kept. */
export function createContainerFile({ ids: [id = ''], fields, files, ...keeping }: KeptRequest): Answer {
  const { shelf } = keeping;
  shelf.get('container', id);
  const [sent] = files;
  const size = sent ? sent.bytes.byteLength : shelf.get('file', textOf(fields.file_id) ?? '').bytes;
  return json(keepFile(keeping, id, { path: '/mnt/data/input.txt', bytes: size, source: 'user' }));
}

/** DELETE /containers/{container_id}/files/{file_id} */
export function deleteContainerFile({ ids: [id = '', file = ''], shelf }: KeptRequest): Answer {
  shelf.remove(filesOf(id), file);
  return json({ id: file, object: 'container.file.deleted', deleted: true });
}

/** GET /containers/{container_id} */
export function retrieveContainer({ ids: [id = ''], shelf }: KeptRequest): Answer {
  return json(shelf.get('container', id));
}

/** GET /containers/{container_id}/files */
export function listContainerFiles({ ids: [id = ''], query, shelf }: KeptRequest): Answer {
  shelf.get('container', id);
  return json(page(shelf.list(filesOf(id)), query));
}

/** GET /containers/{container_id}/files/{file_id} */
export function retrieveContainerFile({ ids: [id = '', file = ''], shelf }: KeptRequest): Answer {
  return json(shelf.get(filesOf(id), file));
}

/** GET /containers/{container_id}/files/{file_id}/content */
export function retrieveContainerContent({ ids: [id = '', file = ''], shelf }: KeptRequest): Answer {
  shelf.get(filesOf(id), file);
  return bytes('application/octet-stream', Buffer.from('42'));
}

function filesOf(container: string): string {
  return `file of ${container}`;
}
