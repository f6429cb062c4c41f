import { derivedNumber, sha256 } from './seed.ts';

const sampleRate = 24_000;
const wavHeaderBytes = 44;

/** MPEG-1 Layer III, 128 kbit/s, 44.1 kHz, mono, no checksum. */
const mp3FrameHeader = Buffer.from([0xff, 0xfb, 0x90, 0xc0]);
const mp3FrameBytes = 417;
const mp3FrameSeconds = 1152 / 44_100;
const mp3SideInfoBytes = 17;

/** 16-bit samples of a tone whose pitch depends on the seed. */
export function pcm(seed: string, seconds: number): Buffer {
  const pitch = 220 + 440 * derivedNumber(seed);
  const samples = Buffer.alloc(2 * Math.round(seconds * sampleRate));
  for (let offset = 0; offset < samples.byteLength; offset += 2) {
    const angle = (2 * Math.PI * pitch * offset) / 2 / sampleRate;
    samples.writeInt16LE(Math.round(6000 * Math.sin(angle)), offset);
  }
  return samples;
}

/** The same tone with a WAV header. */
export function wav(seed: string, seconds: number): Buffer {
  const samples = pcm(seed, seconds);
  const header = Buffer.alloc(wavHeaderBytes);
  header.write('RIFF', 0);
  header.writeUInt32LE(wavHeaderBytes - 8 + samples.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // uncompressed
  header.writeUInt16LE(1, 22); // one channel
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(2 * sampleRate, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, samples]);
}

/** Silence. Decoders skip what follows empty side information, so each frame has room for the seed. */
export function mp3(seed: string, seconds: number): Buffer {
  const frame = Buffer.alloc(mp3FrameBytes);
  frame.set(mp3FrameHeader);
  frame.write(sha256(seed), mp3FrameHeader.byteLength + mp3SideInfoBytes);
  return Buffer.concat(Array.from({ length: Math.ceil(seconds / mp3FrameSeconds) }, () => frame));
}

/** How long a sound lasts: exactly for a WAV, and as at 128 kbit/s for anything else. */
export function durationOf(sound: Uint8Array): number {
  const view = Buffer.from(sound.buffer, sound.byteOffset, sound.byteLength);
  const isWav = view.byteLength >= wavHeaderBytes && view.toString('latin1', 0, 4) === 'RIFF';
  const bytesPerSecond = (isWav && view.readUInt32LE(28)) || 16_000;
  const audioBytes = isWav ? view.byteLength - wavHeaderBytes : view.byteLength;
  return Math.round((audioBytes / bytesPerSecond) * 100) / 100;
}
