import { isObject } from '../../lib/json.ts';
import type { PictureRules } from '../pictures.ts';

/** Films and documents are given in the same way. */
const format = /^image\/(?:png|jpe?g|webp|heic|heif)$/;

export const pictures: PictureRules = {
  places: [
    ['contents', 'parts'],
    // What a function has answered.
    ['contents', 'parts', 'functionResponse', 'parts'],
  ],
  beside: ({ inlineData, ...rest }) => {
    if (!isObject(inlineData)) return null;
    const { mimeType, data: _, ...more } = inlineData;
    return format.test(String(mimeType)) && Object.keys(more).length === 0 ? rest : null;
  },
};
