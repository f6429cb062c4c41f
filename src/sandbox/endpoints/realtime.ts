import { eventStream, unnamedEvents } from '../answer.ts';
import { invalidRequest } from '../errors.ts';
import { applyFault, promptDelivery } from '../faults.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../fields.ts';
import { openai } from '../openai.ts';
import { derivedId } from '../seed.ts';
import type { SocketKind, SocketOpening, SocketTalk } from '../socket.ts';
import { countTokens } from '../tokens.ts';
import { answerText, writeText } from '../written_text.ts';
import { answerEvents } from './realtime_events.ts';

/** What has been said and heard so far. */
interface Session {
  readonly id: string;
  readonly items: Fields[];
  /** Bytes of sound that wait to be heard. */
  heard: number;
  isSpeaking: boolean;
  settings: Fields;
  turns: number;
}

/** How many bytes of sound make a token: 50 ms of 16 bits at 24 kHz. */
const bytesPerToken = 2_400;

/** WS /realtime: it hears who speaks, but not what is said; who falls silent has finished speaking. */
export const realtimeSocket: SocketKind = { api: openai, path: '/realtime', open };

function open({ query, created }: SocketOpening): SocketTalk {
  const model = query.get('model');
  const id = derivedId('sess_', `${created} ${model}`);
  const session: Session = {
    id,
    items: [],
    heard: 0,
    isSpeaking: false,
    turns: 0,
    settings: {
      type: model === null ? 'transcription' : 'realtime',
      ...(model !== null && { model, output_modalities: ['audio'], max_output_tokens: 'inf' }),
      audio: { input: { turn_detection: { type: 'server_vad' }, transcription: null } },
    },
  };
  const shown = () => ({ id, object: 'realtime.session', expires_at: created + 3_600, ...session.settings });

  const reply = (frame: Fields): readonly Fields[] => {
    switch (frame.type) {
      case 'session.update':
        session.settings = merged(session.settings, fieldsOf(frame.session));
        return [{ type: 'session.updated', session: shown() }];
      case 'conversation.item.create':
        return addItem(session, fieldsOf(frame.item));
      case 'input_audio_buffer.append':
        return hear(session, Buffer.from(textOf(frame.audio) ?? '', 'base64'));
      case 'input_audio_buffer.commit':
        return commit(session);
      case 'input_audio_buffer.clear':
        session.heard = 0;
        return [{ type: 'input_audio_buffer.cleared' }];
      case 'response.create':
        return [...answer(session, fieldsOf(frame.response))];
      default:
        return [errorEvent(frame)];
    }
  };

  return {
    greeting: [{ type: 'session.created', event_id: derivedId('event_', id), session: shown() }],
    reply(frame) {
      const events = reply(frame).map(
        (event, index): Fields => ({
          event_id: derivedId('event_', id, `${session.turns} ${frame.type} ${index}`),
          ...event,
        }),
      );
      const spoken = eventStream(unnamedEvents(events));
      const isAnswer = events.some(({ type }) => type === 'response.done');
      return isAnswer && model !== null
        ? applyFault(openai, { model, seed: id }, spoken)
        : { answer: events.length === 0 ? eventStream([]) : spoken, delivery: promptDelivery };
    },
  };
}

/** Hears sound. Silence after somebody has spoken ends a turn, unless that is left to the client. */
function hear(session: Session, sound: Buffer): readonly Fields[] {
  const isSilent = sound.every((byte) => byte === 0);
  session.heard += sound.byteLength;
  if (fieldsOf(inputOf(session).turn_detection).type === undefined) return [];
  const item_id = itemId(session);
  if (!isSilent && !session.isSpeaking) {
    session.isSpeaking = true;
    return [{ type: 'input_audio_buffer.speech_started', audio_start_ms: 0, item_id }];
  }
  if (!isSilent || !session.isSpeaking) return [];
  session.isSpeaking = false;
  const stopped = { type: 'input_audio_buffer.speech_stopped', audio_end_ms: 0, item_id };
  const answered = session.settings.type === 'realtime' ? answer(session, {}) : [];
  return [stopped, ...commit(session), ...answered];
}

function commit(session: Session): readonly Fields[] {
  const tokens = Math.ceil(session.heard / bytesPerToken);
  const item_id = itemId(session);
  session.heard = 0;
  const item = { id: item_id, type: 'message', role: 'user', content: [{ type: 'input_audio', tokens }] };
  const added = addItem(session, item);
  const isTranscribed = fieldsOf(inputOf(session).transcription).model !== undefined;
  return [
    { type: 'input_audio_buffer.committed', item_id },
    ...added,
    ...(isTranscribed ? transcript(item_id, tokens) : []),
  ];
}

function transcript(item_id: string, tokens: number): readonly Fields[] {
  const text = 'Sandbox transcript';
  const usage = {
    type: 'tokens',
    input_tokens: tokens,
    input_token_details: { text_tokens: 0, audio_tokens: tokens },
    output_tokens: countTokens(text),
    total_tokens: tokens + countTokens(text),
  };
  const place = { item_id, content_index: 0 };
  return [
    { type: 'conversation.item.input_audio_transcription.delta', ...place, delta: text },
    { type: 'conversation.item.input_audio_transcription.completed', ...place, transcript: text, usage },
  ];
}

function addItem(session: Session, given: Fields): readonly Fields[] {
  const item = { id: itemId(session), object: 'realtime.item', status: 'completed', ...given };
  const previous_item_id = session.items.at(-1)?.id ?? null;
  session.items.push(item);
  return ['conversation.item.added', 'conversation.item.done'].map((type) => ({
    type,
    previous_item_id,
    item,
  }));
}

function answer(session: Session, asked: Fields): Iterable<Fields> {
  session.turns += 1;
  const { settings, items } = session;
  const model = textOf(settings.model) ?? '';
  const parts = items.flatMap(({ content }) => listOf(content).map(fieldsOf));
  const heardTokens = parts.reduce((sum, { tokens }) => sum + (typeof tokens === 'number' ? tokens : 0), 0);
  const readTokens = parts.reduce((sum, { text }) => sum + countTokens(textOf(text) ?? ''), 0);
  const words = parts.findLast(({ text }) => typeof text === 'string')?.text;
  const limit = asked.max_output_tokens ?? settings.max_output_tokens;
  const modalities = listOf(asked.output_modalities ?? settings.output_modalities);
  const written = writeText(answerText(model, textOf(words) ?? 'what was said'), {
    limit: typeof limit === 'number' ? limit : undefined,
  });
  return answerEvents({
    id: derivedId('resp_', session.id, String(session.turns)),
    itemId: itemId(session),
    written,
    isSpoken: !modalities.includes('text'),
    input: { text: readTokens, audio: heardTokens },
  });
}

function itemId({ id, items, turns }: Session): string {
  return derivedId('item_', id, `${items.length} ${turns}`);
}

function inputOf({ settings }: Session): Fields {
  return fieldsOf(fieldsOf(settings.audio).input);
}

function merged(before: Fields, changes: Fields): Fields {
  const { input, ...audio } = fieldsOf(changes.audio);
  const previous = fieldsOf(before.audio);
  return {
    ...before,
    ...changes,
    audio: { ...previous, ...audio, input: { ...fieldsOf(previous.input), ...fieldsOf(input) } },
  };
}

function errorEvent({ type, event_id }: Fields): Fields {
  const { body } = invalidRequest(`There is no event ${JSON.stringify(type)} for a client to send.`);
  return { type: 'error', error: { ...fieldsOf(body), event_id: event_id ?? null } };
}
