import type OpenAI from 'openai';
import type { ServerEvent } from '../answer.ts';
import type { Call } from '../call.ts';
import { derivedId } from '../seed.ts';
import { type ChatChoice, finishReason } from './chat_choice.ts';

type Chunk = OpenAI.ChatCompletionChunk;
type ChunkChoice = OpenAI.ChatCompletionChunk.Choice;
type Delta = OpenAI.ChatCompletionChunk.Choice.Delta;

/**
 * A chat completion as events. Asked for usage, every chunk says `usage: null` and one more chunk, without choices,
 * reports it; not asked, none mentions it.
 */
export function* chatChunks(
  call: Call,
  choices: readonly ChatChoice[],
  usage: OpenAI.CompletionUsage | undefined,
): Generator<ServerEvent> {
  const head = headOf(call);
  const withoutUsage = usage === undefined ? {} : { usage: null };
  for (const { choice, tokens } of deltas(choices)) {
    yield { data: { ...head, choices: [choice], ...withoutUsage } satisfies Chunk, tokens };
  }
  if (usage !== undefined) yield { data: { ...head, choices: [], usage } satisfies Chunk };
  yield { data: '[DONE]' };
}

function headOf(call: Call): Omit<Chunk, 'choices'> {
  return {
    id: derivedId('chatcmpl-', call.seed),
    object: 'chat.completion.chunk',
    created: call.created,
    model: call.model,
    service_tier: 'default',
    system_fingerprint: 'fp_sandbox',
  };
}

function* deltas(
  choices: readonly ChatChoice[],
): Generator<{ readonly choice: ChunkChoice; readonly tokens: number }> {
  for (const choice of choices) yield { choice: delta(choice, opening(choice)), tokens: 0 };
  const longest = Math.max(...choices.map(({ written }) => written.tokens.length));
  for (let position = 0; position < longest; position += 1) {
    for (const choice of choices) {
      const token = choice.written.tokens[position];
      if (token !== undefined) yield { choice: delta(choice, continuation(choice, token)), tokens: 1 };
    }
  }
  for (const choice of choices) {
    yield { choice: { ...delta(choice, {}), finish_reason: finishReason(choice) }, tokens: 0 };
  }
}

function delta({ index }: ChatChoice, content: Delta): ChunkChoice {
  return { index, delta: content, logprobs: null, finish_reason: null };
}

function opening({ tool }: ChatChoice): Delta {
  if (tool === undefined) return { role: 'assistant', content: '', refusal: null };
  const call = { name: tool.name, arguments: '' };
  return {
    role: 'assistant',
    content: null,
    tool_calls: [{ index: 0, id: tool.id, type: 'function', function: call }],
  };
}

function continuation({ tool }: ChatChoice, token: string): Delta {
  return tool === undefined
    ? { content: token }
    : { tool_calls: [{ index: 0, function: { arguments: token } }] };
}
