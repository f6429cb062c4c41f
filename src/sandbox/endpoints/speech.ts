import { type Answer, bytes, eventStream, unnamedEvents } from '../answer.ts';
import { type Call, requiredText } from '../call.ts';
import { missingParameter } from '../errors.ts';
import { oneOf } from '../fields.ts';
import { mp3, pcm, wav } from '../sound.ts';
import { countTokens } from '../tokens.ts';

const TOKENS_PER_SECOND = 10;
const MAX_SECONDS = 3;
const OUTPUT_TOKENS_PER_SECOND = 20;
const BYTES_PER_EVENT = 8192;

/** Only these are what they claim to be; the remaining formats carry a WAV. */
const FORMATS = {
  mp3: { contentType: 'audio/mpeg', encode: mp3 },
  wav: { contentType: 'audio/wav', encode: wav },
  pcm: { contentType: 'audio/pcm', encode: pcm },
  opus: { contentType: 'audio/opus', encode: wav },
  aac: { contentType: 'audio/aac', encode: wav },
  flac: { contentType: 'audio/flac', encode: wav },
} as const;

/** POST /audio/speech: a tone, or silence as MP3, that lasts as long as the text. */
export function createSpeech(call: Call): Answer {
  const input = requiredText(call, 'input');
  if (call.fields.voice === undefined) throw missingParameter('voice');
  const format = FORMATS[oneOf(call.fields.response_format, ['mp3', 'wav', 'pcm', 'opus', 'aac', 'flac'])];
  const tokens = countTokens(input);
  const seconds = Math.min(MAX_SECONDS, Math.max(1, tokens) / TOKENS_PER_SECOND);
  const sound = format.encode(call.seed, seconds);
  return call.fields.stream_format === 'sse'
    ? eventStream(unnamedEvents(speechEvents(sound, tokens, seconds)))
    : bytes(format.contentType, sound);
}

function* speechEvents(sound: Uint8Array, tokens: number, seconds: number): Generator<unknown> {
  for (let start = 0; start < sound.byteLength; start += BYTES_PER_EVENT) {
    const audio = Buffer.from(sound.subarray(start, start + BYTES_PER_EVENT)).toString('base64');
    yield { type: 'speech.audio.delta', audio };
  }
  const output = Math.ceil(seconds * OUTPUT_TOKENS_PER_SECOND);
  const usage = { input_tokens: tokens, output_tokens: output, total_tokens: tokens + output };
  yield { type: 'speech.audio.done', usage };
}
