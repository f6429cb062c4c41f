import type OpenAI from 'openai';
import type OpenAI6 from 'openai-6';
import { describe, expect, it } from 'vitest';
import { findProvider } from '../../src/catalog/catalog.ts';
import type { FieldRules } from '../../src/catalog/fields.ts';

/** Every field that an SDK can send in a frame. The type check fails here when an upgrade of the SDK brings another one. */
type Known<Params> = Readonly<Record<Params extends unknown ? keyof Params : never, true>>;
type Both<New, Old> = Known<New> & Known<Old>;

type ClientEvent = OpenAI.Realtime.RealtimeClientEvent;

const frames: Readonly<Record<ClientEvent['type'], true>> = {
  'conversation.item.create': true,
  'conversation.item.delete': true,
  'conversation.item.retrieve': true,
  'conversation.item.truncate': true,
  'input_audio_buffer.append': true,
  'input_audio_buffer.clear': true,
  'input_audio_buffer.commit': true,
  'output_audio_buffer.clear': true,
  'response.cancel': true,
  'response.create': true,
  'session.update': true,
};

const session: Both<
  OpenAI.Realtime.RealtimeSessionCreateRequest,
  OpenAI6.Realtime.RealtimeSessionCreateRequest
> = {
  type: true,
  audio: true,
  include: true,
  instructions: true,
  max_output_tokens: true,
  model: true,
  output_modalities: true,
  parallel_tool_calls: true,
  prompt: true,
  reasoning: true,
  tool_choice: true,
  tools: true,
  tracing: true,
  truncation: true,
};

const response: Both<
  OpenAI.Realtime.RealtimeResponseCreateParams,
  OpenAI6.Realtime.RealtimeResponseCreateParams
> = {
  audio: true,
  conversation: true,
  input: true,
  instructions: true,
  max_output_tokens: true,
  metadata: true,
  output_modalities: true,
  parallel_tool_calls: true,
  prompt: true,
  reasoning: true,
  tool_choice: true,
  tools: true,
};

const input: Both<OpenAI.Realtime.RealtimeAudioConfigInput, OpenAI6.Realtime.RealtimeAudioConfigInput> = {
  format: true,
  noise_reduction: true,
  transcription: true,
  turn_detection: true,
};

const output: Both<OpenAI.Realtime.RealtimeAudioConfigOutput, OpenAI6.Realtime.RealtimeAudioConfigOutput> = {
  format: true,
  speed: true,
  voice: true,
};

const transcription: Both<OpenAI.Realtime.AudioTranscription, OpenAI6.Realtime.AudioTranscription> = {
  delay: true,
  keywords: true,
  language: true,
  languages: true,
  model: true,
  prompt: true,
};

const responseCreate: Known<OpenAI.Responses.ResponsesClientEvent.ResponseCreate> = {
  type: true,
  access_programs: true,
  background: true,
  context_management: true,
  conversation: true,
  generate: true,
  image: true,
  include: true,
  input: true,
  instructions: true,
  max_output_tokens: true,
  max_tool_calls: true,
  metadata: true,
  model: true,
  moderation: true,
  parallel_tool_calls: true,
  previous_response_id: true,
  prompt: true,
  prompt_cache_key: true,
  prompt_cache_options: true,
  prompt_cache_retention: true,
  reasoning: true,
  safety_identifier: true,
  service_tier: true,
  store: true,
  stream: true,
  stream_id: true,
  stream_options: true,
  temperature: true,
  text: true,
  tool_choice: true,
  tools: true,
  top_logprobs: true,
  top_p: true,
  truncation: true,
  user: true,
};

const { sockets = [] } = findProvider('openai') ?? expect.fail();
const [responses, realtime] = sockets;

/** The rules of an object inside of a frame. */
function rulesAt(type: string, ...path: readonly string[]): FieldRules {
  return path.reduce<FieldRules>(
    (rules, name) => {
      const rule = rules[name];
      return rule?.kind === 'object' ? rule.fields : expect.fail(`no rules for ${name}`);
    },
    realtime?.frames[type]?.fields ?? expect.fail(`no rules for ${type}`),
  );
}

describe('the frames of a WebSocket', () => {
  it('have rules for each type of the SDK, and for no other', () => {
    expect(Object.keys(realtime?.frames ?? {}).toSorted()).toEqual(Object.keys(frames));
  });

  it.each([
    ['a session', ['session.update', 'session'], session],
    ['an answer', ['response.create', 'response'], response],
    ['what is heard', ['session.update', 'session', 'audio', 'input'], input],
    ['what is spoken', ['session.update', 'session', 'audio', 'output'], output],
    ['transcripts', ['session.update', 'session', 'audio', 'input', 'transcription'], transcription],
  ] as const)('have a rule for each field of %s, and for no other', (_, [type, ...path], known) => {
    expect(new Set(Object.keys(rulesAt(type, ...path)))).toEqual(new Set(Object.keys(known)));
  });

  it('have a rule for each field of response.create, and for no other', () => {
    const body = responses?.work[0]?.route.body;
    const ruled = body?.kind === 'json' ? Object.keys(body.fields) : [];
    expect(new Set(['type', ...ruled])).toEqual(new Set(Object.keys(responseCreate)));
  });
});
