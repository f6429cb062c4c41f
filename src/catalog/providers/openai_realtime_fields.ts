import type { FieldRule, FieldRules, TreeRules } from '../fields.ts';
import type { FrameRules } from '../socket.ts';
import { allow, allowAll, voice } from './openai_common_fields.ts';
import { opaqueKeys, refusedKeys, refusedTypes, types } from './openai_trees.ts';

/** What apps may send over OpenAI's realtime WebSockets. */

const refuse = (advice: string): FieldRule => ({ kind: 'refuse', advice });
const only = (value: string, advice: string): FieldRule => ({ kind: 'limit', to: [value], advice });
const object = (fields: FieldRules): FieldRule => ({ kind: 'object', fields });

/** References are to what this very socket has been told. */
const realtimeTree: TreeRules = {
  types: types(
    ...[
      'message',
      'input_text',
      'input_audio',
      'input_image',
      'output_text',
      'output_audio',
      'text',
      'audio',
    ],
    ...['function', 'function_call', 'function_call_output', 'item_reference'],
  ),
  refusedTypes,
  refusedKeys,
  opaqueKeys,
};

const conversation: FieldRule = { kind: 'tree', tree: realtimeTree };
const instructions: FieldRule = { kind: 'text', advice: 'instructions must be a string.' };
const prompt = refuse("The project's stored prompts are not lent. Send the prompt itself, as instructions.");

const audioInput: FieldRule = object({
  ...allowAll('format', 'noise_reduction', 'turn_detection'),
  transcription: object(allowAll('model', 'delay', 'keywords', 'language', 'languages', 'prompt')),
});
const audioOutput: FieldRule = object({ ...allowAll('format', 'speed'), voice });

/** What the model says, and how: of a session, or of one answer in it. */
const answer: FieldRules = {
  instructions,
  ...allowAll('max_output_tokens', 'output_modalities', 'parallel_tool_calls', 'reasoning'),
  prompt,
  tools: conversation,
  tool_choice: conversation,
};

const frame = (fields: FieldRules): FrameRules => ({
  fields: { ...allowAll('type', 'event_id'), ...fields },
});

const audioFrames: Readonly<Record<string, FrameRules>> = {
  'input_audio_buffer.append': { ...frame({ audio: allow }), feeds: true },
  'input_audio_buffer.commit': { ...frame({}), feeds: true },
  'input_audio_buffer.clear': frame({}),
};

export const realtimeFrames: Readonly<Record<string, FrameRules>> = {
  'session.update': {
    ...frame({
      session: object({
        type: only(
          'realtime',
          'This socket is for "realtime". Open one with intent=transcription for the other.',
        ),
        model: { kind: 'path_model', prefix: '' },
        audio: object({ input: audioInput, output: audioOutput }),
        ...answer,
        ...allowAll('include', 'truncation'),
        tracing: refuse("Traces would be kept in the user's project. Leave it out."),
      }),
    }),
    cap: { path: ['session', 'max_output_tokens'], none: 'inf' },
  },
  'response.create': {
    ...frame({
      response: object({
        audio: object({ output: audioOutput }),
        ...answer,
        conversation: only(
          'auto',
          'One answer is lent at a time. Open another socket for answers outside of the conversation.',
        ),
        input: conversation,
        metadata: allow,
      }),
    }),
    cap: { path: ['response', 'max_output_tokens'], none: 'inf' },
  },
  'response.cancel': frame({ response_id: allow }),
  'conversation.item.create': frame({ item: conversation, previous_item_id: allow }),
  'conversation.item.delete': frame({ item_id: allow }),
  'conversation.item.retrieve': frame({ item_id: allow }),
  'conversation.item.truncate': frame(allowAll('item_id', 'content_index', 'audio_end_ms')),
  'output_audio_buffer.clear': frame({}),
  ...audioFrames,
};

export const realtimeTranscriptionFrames: Readonly<Record<string, FrameRules>> = {
  'session.update': frame({
    session: object({
      type: only('transcription', 'This socket is for "transcription". Open one with a model for the other.'),
      audio: object({ input: audioInput }),
      include: allow,
    }),
  }),
  ...audioFrames,
};
