import { isObject, type JsonObject } from '../../lib/json.ts';
import type { FieldRules } from '../fields.ts';
import type { OutputRules } from '../route.ts';
import type { SocketRoute, SocketWork } from '../socket.ts';
import { held } from './openai_answers.ts';
import { allow, model } from './openai_common_fields.ts';
import { realtimeFrames, realtimeTranscriptionFrames } from './openai_realtime_fields.ts';
import { madeByResponse } from './openai_state_routes.ts';
import { responsesFields } from './openai_text_fields.ts';
import { realtimeUsage, responsesUsage, transcriptionUsage } from './openai_usage.ts';

const responseFields: FieldRules = {
  ...responsesFields,
  background: {
    kind: 'limit',
    to: [false],
    advice: 'Over a socket a response comes as it is written. Leave background out.',
  },
  generate: {
    kind: 'limit',
    to: [true],
    advice: 'What is prepared and not asked for is of use only with previous_response_id. Leave it out.',
  },
  stream_id: { kind: 'refuse', advice: 'One response is lent at a time. Open a socket for each stream.' },
};

/** No model of this kind writes more at a time, and more is not taken for a number. */
const realtimeOutput: OutputRules = { caps: ['max_output_tokens'], otherwise: 4096 };

/** Seconds that the provider keeps a session open. */
const longestSession = 3_600;

const realtimeCall = {
  method: 'WS',
  path: '/realtime',
  scope: 'openai:realtime',
  content: 'elsewhere',
  answer: held,
} as const;

const answers: SocketWork = {
  route: {
    ...realtimeCall,
    body: { kind: 'json', fields: { model, max_output_tokens: allow } },
    output: realtimeOutput,
    usage: realtimeUsage,
    cost: { kind: 'session' },
  },
  trigger: { kind: 'standing', from: null },
  begins: ['response.create', 'response.created', 'input_audio_buffer.committed'],
  ends: ['response.done'],
};

const transcripts: SocketWork = {
  route: {
    ...realtimeCall,
    body: { kind: 'json', fields: { model } },
    usage: transcriptionUsage,
    cost: { kind: 'heard', longest: longestSession },
  },
  trigger: { kind: 'standing', from: ['session', 'audio', 'input', 'transcription'] },
  begins: ['input_audio_buffer.committed'],
  ends: [
    'conversation.item.input_audio_transcription.completed',
    'conversation.item.input_audio_transcription.failed',
  ],
};

const realtime = {
  path: '/realtime',
  // Any call of the project can be listened in on and steered by its id.
  neverWith: ['call_id'],
  scope: 'openai:realtime',
  subprotocol: { name: 'realtime', tokenPrefix: 'openai-insecure-api-key.' },
  shown: withoutAccount,
  errorEvent: (error, { status, requestId, eventId }) => ({
    type: 'error',
    event_id: requestId,
    status,
    error: { ...error, event_id: eventId },
  }),
} satisfies Partial<SocketRoute>;

/** What is lent of OpenAI's WebSockets. Whatever is not here is refused. */
export const sockets: readonly SocketRoute[] = [
  {
    path: '/responses',
    query: null,
    neverWith: [],
    scope: 'openai:text',
    subprotocol: null,
    frames: {},
    work: [
      {
        route: {
          method: 'WS',
          path: '/responses',
          scope: 'openai:text',
          body: { kind: 'json', fields: responseFields },
          output: { caps: ['max_output_tokens'] },
          answer: held,
          makes: madeByResponse,
          usage: responsesUsage,
        },
        trigger: { kind: 'asked', by: 'response.create' },
        begins: ['response.create'],
        ends: ['response.completed', 'response.incomplete', 'response.failed', 'error'],
      },
    ],
    shown: (event) => event,
    errorEvent: (error, { status }) => ({ type: 'error', status, error }),
  },
  {
    ...realtime,
    query: { name: 'model', value: '{model}' },
    frames: realtimeFrames,
    work: [answers, transcripts],
    bound: (tokens) => ({ type: 'session.update', session: { type: 'realtime', max_output_tokens: tokens } }),
  },
  {
    ...realtime,
    query: { name: 'intent', value: 'transcription' },
    frames: realtimeTranscriptionFrames,
    work: [transcripts],
  },
];

/** Without the limits of the account, and without the secret that would open its session past the broker. */
function withoutAccount(event: JsonObject): JsonObject | null {
  if (event.type === 'rate_limits.updated') return null;
  if (!isObject(event.session)) return event;
  const { client_secret: _secret, ...session } = event.session;
  return { ...event, session };
}
