import { type Answer, bytes, json } from '../answer.ts';
import { type Fields, fieldsOf, textOf } from '../fields.ts';
import type { KeptRequest } from '../route.ts';
import { derivedId } from '../seed.ts';
import { newSeed } from '../shelf.ts';

/** POST /videos */
export function createVideo({ fields, shelf, created }: KeptRequest): Answer {
  const { model = 'sora-2', seconds = '4', size = '720x1280', prompt } = fields;
  return keepVideo({ model, seconds, size, prompt, created_at: created }, shelf);
}

/** POST /videos/edits, and /videos/extensions */
export function editVideo({ fields, shelf, created }: KeptRequest): Answer {
  const named = textOf(fields['video[id]']) ?? textOf(fieldsOf(fields.video).id);
  const original = named === undefined ? {} : shelf.get('video', named);
  return keepVideo({ ...original, ...fields, created_at: created }, shelf);
}

/** POST /videos/{video_id}/remix */
export function remixVideo({ ids: [id = ''], fields, shelf, created }: KeptRequest): Answer {
  const remixed = { ...shelf.get('video', id), prompt: fields.prompt, created_at: created };
  return keepVideo({ ...remixed, remixed_from_video_id: id }, shelf);
}

/** GET /videos/{video_id}: it is ready as soon as it is asked for. */
export function retrieveVideo({ ids: [id = ''], shelf }: KeptRequest): Answer {
  return json({ ...shelf.get('video', id), status: 'completed', progress: 100 });
}

/** GET /videos/{video_id}/content */
export function retrieveVideoContent({ ids: [id = ''], shelf }: KeptRequest): Answer {
  shelf.get('video', id);
  return bytes('video/mp4', Buffer.from(`What is seen in ${id}`));
}

/** DELETE /videos/{video_id} */
export function deleteVideo({ ids: [id = ''], shelf }: KeptRequest): Answer {
  shelf.remove('video', id);
  return json({ id, object: 'video.deleted', deleted: true });
}

/** POST /videos/characters */
export function createCharacter({ fields, shelf, created }: KeptRequest): Answer {
  const character = { id: derivedId('char_', newSeed()), name: fields.name, created_at: created };
  shelf.put('character', character);
  return json(character);
}

/** GET /videos/characters/{character_id} */
export function retrieveCharacter({ ids: [id = ''], shelf }: KeptRequest): Answer {
  return json(shelf.get('character', id));
}

function keepVideo(fields: Fields, shelf: KeptRequest['shelf']): Answer {
  const id = derivedId('video_', newSeed());
  const video = { ...fields, id, object: 'video', status: 'queued', progress: 0 };
  shelf.put('video', video);
  return json(video);
}
