import { isObject, type JsonObject } from '../../lib/json.ts';
import type { PictureRules } from '../pictures.ts';

export const pictures: PictureRules = {
  places: [
    ['messages', 'content'],
    // What a tool has answered.
    ['messages', 'content', 'content'],
  ],
  beside: ({ type, source, ...rest }) =>
    type === 'image' && isObject(source) && isPicture(source) ? rest : null,
};

function isPicture({ type, media_type: mediaType, data, url, ...more }: JsonObject): boolean {
  if (Object.keys(more).length > 0) return false;
  if (type === 'url') return typeof url === 'string' && data === undefined;
  return type === 'base64' && /^image\//.test(String(mediaType)) && url === undefined;
}
