import { crc32, deflateSync } from 'node:zlib';
import { derivedNumbers } from './seed.ts';

const side = 32;
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A small picture: a gradient between two colours that depend on the seed. */
export function png(seed: string): Buffer {
  const colours = derivedNumbers(seed, 6).map((number) => Math.floor(number * 256));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2], 8); // 8 bits for each of red, green and blue
  const rows = Array.from({ length: side }, (_, y) => row(y / (side - 1), colours));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A line of pixels of one colour, after the byte that says it isn't filtered. */
function row(mix: number, colours: readonly number[]): Buffer {
  const pixel = [0, 1, 2].map((channel) =>
    Math.round((colours[channel] ?? 0) * (1 - mix) + (colours[channel + 3] ?? 0) * mix),
  );
  return Buffer.from([0, ...Array.from({ length: side }, () => pixel).flat()]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.byteLength);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, checksum]);
}
