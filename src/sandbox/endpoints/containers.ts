import { type Answer, bytes, json } from '../answer.ts';
import type { Call } from '../call.ts';
import type { KeptRequest } from '../route.ts';
import { derivedId } from '../seed.ts';
import { newSeed, page } from '../shelf.ts';

/** A fresh container, with one file that the code in it has written. @returns its id */
export function keepContainer({ shelf, created }: Pick<Call, 'shelf' | 'created'>): string {
  const id = derivedId('cntr_', newSeed());
  shelf.put('container', { id, object: 'container', created_at: created, name: 'auto', status: 'running' });
  const file = derivedId('cfile_', newSeed());
  const what = { container_id: id, path: '/mnt/data/answer.txt', bytes: 2, source: 'assistant' };
  shelf.put(filesOf(id), { id: file, object: 'container.file', created_at: created, ...what });
  return id;
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
