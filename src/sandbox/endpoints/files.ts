import { type Answer, bytes, json } from '../answer.ts';
import type { UploadedFile } from '../call.ts';
import { missingParameter } from '../errors.ts';
import { listOf, textOf } from '../fields.ts';
import type { KeptRequest } from '../route.ts';
import { derivedId } from '../seed.ts';
import { type Kept, newSeed, type Shelf } from '../shelf.ts';

/** POST /files */
export function createFile({ fields, files, shelf, created }: KeptRequest): Answer {
  return json(keepFile(shelf, contentIn(files, 'file'), { purpose: fields.purpose, created }));
}

/** GET /files/{file_id} */
export function retrieveFile({ ids: [id = ''], shelf }: KeptRequest): Answer {
  return json(shelf.get('file', id));
}

/** GET /files/{file_id}/content */
export function retrieveFileContent({ ids: [id = ''], shelf }: KeptRequest): Answer {
  shelf.get('file', id);
  return bytes('application/octet-stream', contentOf(shelf.get('content', id)));
}

/** DELETE /files/{file_id} */
export function deleteFile({ ids: [id = ''], shelf }: KeptRequest): Answer {
  shelf.remove('file', id);
  return json({ id, object: 'file', deleted: true });
}

/** POST /uploads */
export function createUpload({ fields, shelf, created }: KeptRequest): Answer {
  const lacking = ['bytes', 'filename', 'mime_type', 'purpose'].find((name) => fields[name] === undefined);
  if (lacking !== undefined) throw missingParameter(lacking);
  const { bytes: size, filename, purpose } = fields;
  const id = derivedId('upload_', newSeed());
  const upload = {
    id,
    object: 'upload',
    bytes: size,
    filename,
    purpose,
    created_at: created,
    status: 'pending',
  };
  shelf.put('upload', upload);
  return json(upload);
}

/** POST /uploads/{upload_id}/parts */
export function addPart({ ids: [upload = ''], files, shelf, created }: KeptRequest): Answer {
  shelf.get('upload', upload);
  const id = derivedId('part_', newSeed());
  shelf.put('content', { id, content: contentIn(files, 'data') });
  const part = { id, object: 'upload.part', created_at: created, upload_id: upload };
  shelf.put(partsOf(upload), part);
  return json(part);
}

/** POST /uploads/{upload_id}/complete */
export function completeUpload({ ids: [id = ''], fields, shelf, created }: KeptRequest): Answer {
  const upload = shelf.get('upload', id);
  const parts = listOf(fields.part_ids).map((part) => {
    shelf.get(partsOf(id), textOf(part) ?? '');
    return contentOf(shelf.get('content', textOf(part) ?? ''));
  });
  const { purpose, filename } = upload;
  const file = keepFile(shelf, Buffer.concat(parts), { purpose, filename, created });
  const completed = { ...upload, status: 'completed', file };
  shelf.put('upload', completed);
  return json(completed);
}

/** POST /uploads/{upload_id}/cancel */
export function cancelUpload({ ids: [id = ''], shelf }: KeptRequest): Answer {
  const cancelled = { ...shelf.get('upload', id), status: 'cancelled' };
  shelf.put('upload', cancelled);
  return json(cancelled);
}

/** Keeps a file and what is in it. */
export function keepFile(
  shelf: Shelf,
  content: Uint8Array,
  { purpose, filename = 'upload', created }: { purpose: unknown; filename?: unknown; created: number },
): Kept {
  const id = derivedId('file-', newSeed());
  const file = {
    id,
    object: 'file',
    bytes: content.byteLength,
    created_at: created,
    filename,
    purpose,
    status: 'processed',
  };
  shelf.put('file', file);
  shelf.put('content', { id, content });
  return file;
}

function contentIn(files: readonly UploadedFile[], field: string): Uint8Array {
  const file = files.find((candidate) => candidate.field === field);
  if (!file) throw missingParameter(field);
  return file.bytes;
}

/** What is in a file. */
export function contentOf({ content }: Kept): Uint8Array {
  return content instanceof Uint8Array ? content : new Uint8Array();
}

function partsOf(upload: string): string {
  return `part of ${upload}`;
}
