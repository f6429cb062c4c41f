import type OpenAI from 'openai';
import { type Answer, eventStream, json, plainText, unnamedEvents } from '../answer.ts';
import { type Call, requiredFile } from '../call.ts';
import { listOf, oneOf, textOf } from '../fields.ts';
import { durationOf } from '../sound.ts';
import { countTokens, splitTokens } from '../tokens.ts';

const audioTokensPerSecond = 10;
const formats = ['json', 'text', 'srt', 'vtt', 'verbose_json', 'diarized_json'] as const;

interface Transcript {
  readonly text: string;
  readonly seconds: number;
}

/** POST /audio/transcriptions */
export function createTranscription(call: Call): Answer {
  const transcript = transcribe(call, 'transcript');
  // whisper-1 can't stream, and ignores being asked to.
  if (call.stream && !isWhisper(call)) {
    return eventStream(unnamedEvents(transcriptEvents(transcript, tokenUsage(call, transcript))));
  }
  const usage = isWhisper(call) ? durationUsage(transcript) : tokenUsage(call, transcript);
  switch (formatOf(call)) {
    case 'json':
      return json({ text: transcript.text, usage } satisfies OpenAI.Audio.Transcription);
    case 'diarized_json':
      return json(diarized(transcript, usage));
    case 'verbose_json':
      return json({ ...verbose(call, transcript), usage: durationUsage(transcript) });
    default:
      return subtitles(call, transcript);
  }
}

/** POST /audio/translations, which reports no usage. */
export function createTranslation(call: Call): Answer {
  const translation = transcribe(call, 'translation');
  switch (formatOf(call)) {
    case 'json':
    case 'diarized_json':
      return json({ text: translation.text } satisfies OpenAI.Audio.Translation);
    case 'verbose_json':
      return json({ ...verbose(call, translation), task: 'translate' });
    default:
      return subtitles(call, translation);
  }
}

function transcribe(call: Call, what: 'transcript' | 'translation'): Transcript {
  const { bytes, sha256 } = requiredFile(call, 'file');
  const text = `Sandbox ${what} of ${bytes.byteLength} bytes of audio (${sha256.slice(0, 8)}).`;
  return { text, seconds: durationOf(bytes) };
}

function isWhisper({ model }: Call): boolean {
  return model.startsWith('whisper');
}

function formatOf({ fields }: Call): (typeof formats)[number] {
  return oneOf(fields.response_format, formats);
}

function durationUsage({ seconds }: Transcript): OpenAI.Audio.Transcription.Duration {
  return { type: 'duration', seconds: Math.ceil(seconds) };
}

function tokenUsage(call: Call, { text, seconds }: Transcript): OpenAI.Audio.Transcription.Tokens {
  const audio = Math.ceil(seconds * audioTokensPerSecond);
  const prompt = countTokens(textOf(call.fields.prompt) ?? '');
  const output = countTokens(text);
  return {
    type: 'tokens',
    input_tokens: audio + prompt,
    input_token_details: { audio_tokens: audio, text_tokens: prompt },
    output_tokens: output,
    total_tokens: audio + prompt + output,
  };
}

function* transcriptEvents(
  { text }: Transcript,
  usage: OpenAI.Audio.Transcription.Tokens,
): Generator<OpenAI.Audio.TranscriptionStreamEvent> {
  for (const delta of splitTokens(text)) yield { type: 'transcript.text.delta', delta };
  yield { type: 'transcript.text.done', text, usage };
}

function diarized(
  { text, seconds }: Transcript,
  usage: OpenAI.Audio.TranscriptionDiarized['usage'] & object,
): OpenAI.Audio.TranscriptionDiarized {
  const segment = {
    id: 'seg_0',
    type: 'transcript.text.segment',
    speaker: 'A',
    start: 0,
    end: seconds,
    text,
  } as const;
  return { task: 'transcribe', duration: seconds, text, segments: [segment], usage };
}

function verbose(
  call: Call,
  { text, seconds }: Transcript,
): OpenAI.Audio.TranscriptionVerbose & { task: string } {
  const words = text.split(' ');
  const at = (position: number): number => Math.round((seconds * position * 100) / words.length) / 100;
  const timed = words.map((word, index) => ({ word, start: at(index), end: at(index + 1) }));
  const wantsWords = listOf(call.fields.timestamp_granularities).includes('word');
  return {
    task: 'transcribe',
    language: 'english',
    duration: seconds,
    text,
    segments: [
      {
        id: 0,
        seek: 0,
        start: 0,
        end: seconds,
        text: ` ${text}`,
        tokens: splitTokens(text).map((_, index) => index),
        temperature: 0,
        avg_logprob: -0.1,
        compression_ratio: 1,
        no_speech_prob: 0.01,
      },
    ],
    ...(wantsWords ? { words: timed } : {}),
  };
}

function subtitles(call: Call, { text, seconds }: Transcript): Answer {
  switch (formatOf(call)) {
    case 'srt':
      return plainText(`1\n${timestamp(0, ',')} --> ${timestamp(seconds, ',')}\n${text}\n\n`);
    case 'vtt':
      return plainText(`WEBVTT\n\n${timestamp(0, '.')} --> ${timestamp(seconds, '.')}\n${text}\n\n`);
    default:
      return plainText(`${text}\n`);
  }
}

/** Hours, minutes, seconds, and milliseconds after the separator that the format wants. */
function timestamp(seconds: number, separator: ',' | '.'): string {
  const whole = Math.floor(seconds);
  const padded = (value: number, width = 2): string => String(value).padStart(width, '0');
  const clock = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map((part) =>
    padded(part),
  );
  return `${clock.join(':')}${separator}${padded(Math.round((seconds - whole) * 1000), 3)}`;
}
