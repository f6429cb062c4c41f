import { type Answer, bytes, eventStream, unnamedEvents } from '../answer.ts';
import { type Call, requiredText } from '../call.ts';
import { missingParameter } from '../errors.ts';
import { oneOf } from '../fields.ts';
import { mp3, pcm, wav } from '../sound.ts';
import { countTokens } from '../tokens.ts';

const inputTokensPerSecond = 10;
const maxSeconds = 3;
const outputTokensPerSecond = 20;
const bytesPerEvent = 8192;

/** Only these are what they claim to be; the remaining formats carry a WAV. */
const formats = {
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
  const format = formats[oneOf(call.fields.response_format, ['mp3', 'wav', 'pcm', 'opus', 'aac', 'flac'])];
  const tokens = countTokens(input);
  const seconds = Math.min(maxSeconds, Math.max(1, tokens) / inputTokensPerSecond);
  const sound = format.encode(call.seed, seconds);
  return call.fields.stream_format === 'sse'
    ? eventStream(unnamedEvents(speechEvents(sound, tokens, seconds)))
    : bytes(format.contentType, sound);
}

function* speechEvents(sound: Uint8Array, tokens: number, seconds: number): Generator<unknown> {
  for (let start = 0; start < sound.byteLength; start += bytesPerEvent) {
    const audio = Buffer.from(sound.subarray(start, start + bytesPerEvent)).toString('base64');
    yield { type: 'speech.audio.delta', audio };
  }
  const output = Math.ceil(seconds * outputTokensPerSecond);
  const usage = { input_tokens: tokens, output_tokens: output, total_tokens: tokens + output };
  yield { type: 'speech.audio.done', usage };
}
