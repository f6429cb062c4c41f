import { derivedNumber, sha256 } from './seed.ts';

const SAMPLE_RATE = 24_000;
const WAV_HEADER_BYTES = 44;

/** MPEG-1 Layer III, 128 kbit/s, 44.1 kHz, mono, no checksum. */
const MP3_FRAME_HEADER = Buffer.from([0xff, 0xfb, 0x90, 0xc0]);
const MP3_FRAME_BYTES = 417;
const MP3_FRAME_SECONDS = 1152 / 44_100;
const MP3_SIDE_INFO_BYTES = 17;

/** 16-bit samples of a tone whose pitch depends on the seed. */
export function pcm(seed: string, seconds: number): Buffer {
  const pitch = 220 + 440 * derivedNumber(seed);
  const samples = Buffer.alloc(2 * Math.round(seconds * SAMPLE_RATE));
  for (let offset = 0; offset < samples.byteLength; offset += 2) {
    const angle = (2 * Math.PI * pitch * offset) / 2 / SAMPLE_RATE;
    samples.writeInt16LE(Math.round(6000 * Math.sin(angle)), offset);
  }
  return samples;
}

export function wav(seed: string, seconds: number): Buffer {
  const samples = pcm(seed, seconds);
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0);
  header.writeUInt32LE(WAV_HEADER_BYTES - 8 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // uncompressed
  header.writeUInt16LE(1, 22); // one channel
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(2 * SAMPLE_RATE, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, samples]);
}

/** Silence. Decoders skip what follows empty side information, so each frame has room for the seed. */
export function mp3(seed: string, seconds: number): Buffer {
  const frame = Buffer.alloc(MP3_FRAME_BYTES);
  frame.set(MP3_FRAME_HEADER);
  frame.write(sha256(seed), MP3_FRAME_HEADER.byteLength + MP3_SIDE_INFO_BYTES);
  return Buffer.concat(Array.from({ length: Math.ceil(seconds / MP3_FRAME_SECONDS) }, () => frame));
}

/** How long a sound lasts: exactly for a WAV, and as at 128 kbit/s for anything else. */
export function durationOf(sound: Uint8Array): number {
  const view = Buffer.from(sound.buffer, sound.byteOffset, sound.byteLength);
  const isWav = view.byteLength >= WAV_HEADER_BYTES && view.toString('latin1', 0, 4) === 'RIFF';
  const bytesPerSecond = (isWav && view.readUInt32LE(28)) || 16_000;
  const audioBytes = isWav ? view.byteLength - WAV_HEADER_BYTES : view.byteLength;
  return Math.round((audioBytes / bytesPerSecond) * 100) / 100;
}
