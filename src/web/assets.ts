import { sha256 } from '../lib/hash.ts';
import { copyScript } from './copy_script.ts';
import { iconSvg } from './icon.ts';
import { style } from './style/style.ts';

/** A file that pages refer to. Its path changes with its content, so that browsers may keep it for good. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

export const styleSheet = asset('style', 'css', 'text/css; charset=utf-8', style);
export const script = asset('copy', 'js', 'text/javascript; charset=utf-8', copyScript);
export const icon = asset('icon', 'svg', 'image/svg+xml', iconSvg);

function asset(name: string, extension: string, type: string, body: string): Asset {
  return { path: `/assets/${name}.${sha256(body).slice(0, 12)}.${extension}`, type, body };
}
