import { isObject } from '../../lib/json.ts';
import type { PictureRules } from '../pictures.ts';

/** @param address what one looks like that leads to a picture, whether by itself or elsewhere */
export const picturesBehind = (address: RegExp): PictureRules => ({
  places: [
    ['messages', 'content'],
    ['input', 'content'],
    ['input', 'output'],
  ],
  beside: ({ type, image_url: image, ...rest }) => {
    const { url, detail = 'auto', ...more } = isObject(image) ? image : { url: image };
    const isPicture =
      types.includes(type) && details.includes(detail) && typeof url === 'string' && address.test(url);
    return isPicture && Object.keys(more).length === 0 ? rest : null;
  },
});

const types: readonly unknown[] = ['image_url', 'input_image', 'computer_screenshot'];
const details: readonly unknown[] = ['auto', 'low', 'high', 'original'];

export const pictures = picturesBehind(/^(?:https?:\/\/|data:image\/(?:png|jpe?g|webp|gif);base64,)/);
