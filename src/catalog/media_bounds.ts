import { at, isObject, type JsonObject } from '../lib/json.ts';
import { covers } from '../lib/model_pattern.ts';
import type { PictureTokens } from './fields.ts';
import { dearestRate } from './highest_rates.ts';
import { type KnownPrices, type PriceTable, pricesOf } from './prices.ts';
import type { CostRules } from './route.ts';

/** What something can cost at most. */
export interface Amount {
  readonly nanoUsd: number;
  /** A part of it has no known price, and is counted at the ceiling. */
  readonly isCeiling: boolean;
}

/** USD for a million are so many nano-USD for one. */
export const nanoPerMillionth = 1_000;

/** Tokens: no model is known to write more in one answer. */
export const longestAnywhere = 131_072;

/** Tokens that a picture is read in at most, and those that a first view of one is written in. */
export const pictureRead = 16_384;
const firstView = 1_024;
const oneUnit = 2 ** 20;
/** What stands for a size that is left open, and for one that is none. */
const openUnits = 2;
const mostUnits = 8;
const mostPictures = 10;
const mostFrames = 16;

/**
 * The pictures that a call, or a tool, asks for by its fields, drawn by a model or written by the one that `svg` names.
 * @param given tokens that are to be read for them, beside what is in the fields
 */
export function picturesAmount(
  priceTable: PriceTable,
  { byQuality, open }: PictureTokens,
  model: string | null,
  fields: JsonObject,
  given = 0,
): Amount {
  const known = pricesOf(priceTable, model ?? '');
  const { textBytes, files } = sizeOf(fields);
  const count = countOf(fields.n, mostPictures);
  // Each of them is made as if by a call of its own.
  const read = count * (given + textBytes + files * pictureRead);
  const views = count * (fields.partial_images ? countOf(fields.partial_images, mostPictures) : 0);
  const frames = fields.output_format === 'gif' ? countOf(fields.frame_count ?? mostFrames, mostFrames) : 1;
  const most = Math.max(...Object.values(byQuality));
  const leftOpen = open.find(({ pattern }) => covers(pattern, model ?? ''))?.tokens ?? most;
  const { quality = 'auto' } = fields;
  const each = (quality === 'auto' ? leftOpen : (byQuality[String(quality)] ?? most)) * unitsOf(fields.size);
  const drawn: Amount =
    known.picture === undefined
      ? tokensAmount(priceTable, known, {
          read,
          written: count * frames * each + views * firstView,
          kind: 'image',
        })
      : { nanoUsd: count * frames * known.picture * 1e9, isCeiling: false };
  return isDrawn(fields) ? drawn : sum(drawn, authorAmount(priceTable, fields, read, count));
}

/** Pixels have one of these formats. */
const pixelFormats: readonly unknown[] = [undefined, null, 'png', 'webp', 'jpeg', 'gif'];

function isDrawn({ output_format: format, svg }: JsonObject): boolean {
  return pixelFormats.includes(format) && !svg;
}

/** Pictures that a text model writes. */
function authorAmount(priceTable: PriceTable, fields: JsonObject, read: number, count: number): Amount {
  const author = at(fields, ['svg', 'model']) ?? fields['svg[model]'];
  const known = pricesOf(priceTable, typeof author === 'string' ? author : '');
  return tokensAmount(priceTable, known, { read, written: count * longestAnywhere });
}

/** So many square units of 1024 pixels a side, begun ones counted whole. */
function unitsOf(size: unknown): number {
  if (size === undefined || size === null || size === 'auto') return openUnits;
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(String(size)) ?? [];
  return width === undefined ? mostUnits : Math.max(1, Math.ceil((Number(width) * Number(height)) / oneUnit));
}

/** Less is not spoken in, however short the text. */
const fewestSpoken = 2_048;

/** A text that is spoken: by its characters, or by the tokens of the sound. */
export function speechAmount(
  priceTable: PriceTable,
  { field, tokensPerByte }: Extract<CostRules, { readonly kind: 'speech' }>,
  model: string | null,
  fields: JsonObject,
): Amount {
  const known = pricesOf(priceTable, model ?? '');
  const text = String(fields[field] ?? '');
  if (known.characters !== undefined) {
    return { nanoUsd: text.length * known.characters * nanoPerMillionth, isCeiling: false };
  }
  const spoken = Math.max(fewestSpoken, Buffer.byteLength(text) * tokensPerByte);
  return tokensAmount(priceTable, known, { read: sizeOf(fields).textBytes, written: spoken });
}

/** Bytes of sound for a second: speech is hardly ever packed tighter than into 6 kbit/s. */
const bytesPerSecond = 750;
/** Some providers bill no less. */
const fewestSeconds = 10;
/** Tokens that a second is heard in, and what is said in it written in. */
const heardPerSecond = 20;
const writtenPerSecond = 10;

/** Sound that is understood, by its size: how long it is shows only afterwards. */
export function heardAmount(
  priceTable: PriceTable,
  { address, longest = fewestSeconds }: Extract<CostRules, { readonly kind: 'heard' }>,
  model: string | null,
  fields: JsonObject,
): Amount {
  const known = pricesOf(priceTable, model ?? '');
  const { textBytes, fileBytes } = sizeOf(fields);
  const elsewhere = address && fields[address.field] ? address.largest : 0;
  // Some of the sound may come as text.
  const seconds = Math.max(longest, (textBytes + fileBytes + elsewhere) / bytesPerSecond);
  const isByTime = known.rates.some((rates) => rates.audio_hours !== undefined);
  const hours = dearestRate(priceTable, known.rates, {
    kinds: ['audio_hours', 'input_audio_hours'],
    needed: known.rates.length === 0 ? ['input_audio_hours'] : [],
    input: 0,
  });
  const byTime: Amount = { nanoUsd: (seconds / 3_600) * hours.usd * 1e9, isCeiling: hours.isCeiling };
  if (isByTime) return byTime;
  const read = textBytes + seconds * heardPerSecond;
  return sum(byTime, tokensAmount(priceTable, known, { read, written: seconds * writtenPerSecond }));
}

/** What is read in tokens of any kind, and written in those of text or of pictures. */
function tokensAmount(
  priceTable: PriceTable,
  { rates }: KnownPrices,
  { read, written, kind }: { readonly read: number; readonly written: number; readonly kind?: 'image' },
): Amount {
  const rate = (needed: string, ...kinds: readonly string[]) =>
    dearestRate(priceTable, rates, { kinds: [needed, ...kinds], needed: [needed], input: read });
  const input = rate('input_mtok', 'input_audio_mtok', 'input_image_mtok');
  const output = kind ? rate('output_image_mtok') : rate('output_mtok', 'output_audio_mtok');
  return {
    nanoUsd: (read * input.usd + written * output.usd) * nanoPerMillionth,
    isCeiling: input.isCeiling || output.isCeiling,
  };
}

/** What is in a form, or in the top level of a body. */
function sizeOf(fields: JsonObject): {
  readonly textBytes: number;
  readonly files: number;
  readonly fileBytes: number;
} {
  let textBytes = 0;
  let files = 0;
  let fileBytes = 0;
  for (const value of Object.values(fields).flat()) {
    if (isObject(value) && value.bytes instanceof Uint8Array) {
      files += 1;
      fileBytes += value.bytes.length;
    } else if (value !== undefined) {
      textBytes += Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
    }
  }
  return { textBytes, files, fileBytes };
}

export function sum(...amounts: readonly Amount[]): Amount {
  return {
    nanoUsd: amounts.reduce((total, { nanoUsd }) => total + nanoUsd, 0),
    isCeiling: amounts.some(({ isCeiling }) => isCeiling),
  };
}

/** A number of things that are asked for. What is none counts as the most that a provider could take it for. */
export function countOf(value: unknown, most: number): number {
  const count = Math.ceil(Number(value ?? 1));
  return Number.isSafeInteger(count) ? Math.max(1, count) : most;
}
