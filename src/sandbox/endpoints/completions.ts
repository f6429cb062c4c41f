import type OpenAI from 'openai';
import { type Answer, eventStream, json, type ServerEvent } from '../answer.ts';
import { alternatives, type Call, optionalInteger } from '../call.ts';
import { missingParameter } from '../errors.ts';
import { fieldsOf, flagOf, listOf } from '../fields.ts';
import { derivedId } from '../seed.ts';
import { countTokens } from '../tokens.ts';
import { answerText, stopSequences, type WrittenText, writeText } from '../written_text.ts';
import { completionUsage } from './usage.ts';

/** What the real API writes at most when it isn't told. */
const defaultMaxTokens = 16;

/** POST /completions: `n` answers for each prompt. */
export function createCompletion(call: Call): Answer {
  const prompts = promptsOf(call.fields.prompt);
  const limit = pacedLimit(call);
  const stops = stopSequences(call.fields.stop);
  const texts = prompts.flatMap((prompt) =>
    Array.from({ length: alternatives(call) }, (_, index) =>
      writeText(answerText(call.model, prompt.text, index), { limit, stops }),
    ),
  );
  const tokens = {
    input: prompts.reduce((sum, prompt) => sum + prompt.tokens, 0),
    output: texts.reduce((sum, text) => sum + text.tokens.length, 0),
  };
  const usage = completionUsage(tokens);
  if (call.stream) {
    const includeUsage = flagOf(fieldsOf(call.fields.stream_options).include_usage);
    return eventStream(completionChunks(call, texts, includeUsage ? usage : undefined), tokens);
  }
  const choices = texts.map((text, index) => choice(index, text.text, text.finish));
  return json({ ...headOf(call), choices, usage } satisfies OpenAI.Completion, tokens);
}

/** `sandbox-long` writes as much as its name says unless it is told to stop earlier. */
function pacedLimit(call: Call): number | undefined {
  const asked = optionalInteger(call, 'max_tokens');
  return asked ?? (call.model.startsWith('sandbox-long') ? undefined : defaultMaxTokens);
}

/** A prompt may be a text, tokens, or a list of either. */
function promptsOf(prompt: unknown): readonly { text: string; tokens: number }[] {
  if (typeof prompt === 'string') return [{ text: prompt, tokens: countTokens(prompt) }];
  const items = listOf(prompt);
  if (items.length === 0) throw missingParameter('prompt');
  if (typeof items[0] === 'number') return [{ text: `${items.length} tokens`, tokens: items.length }];
  return items.flatMap(promptsOf);
}

function headOf(call: Call): Omit<OpenAI.Completion, 'choices'> {
  return {
    id: derivedId('cmpl-', call.seed),
    object: 'text_completion',
    created: call.created,
    model: call.model,
    system_fingerprint: 'fp_sandbox',
  };
}

function choice(index: number, text: string, finish: 'stop' | 'length'): OpenAI.CompletionChoice {
  return { index, text, logprobs: null, finish_reason: finish };
}

function* completionChunks(
  call: Call,
  texts: readonly WrittenText[],
  usage: OpenAI.CompletionUsage | undefined,
): Generator<ServerEvent> {
  const head = headOf(call);
  const withoutUsage = usage === undefined ? {} : { usage: null };
  for (const piece of pieces(texts)) {
    yield { data: { ...head, choices: [piece], ...withoutUsage }, tokens: 1 };
  }
  if (usage !== undefined) yield { data: { ...head, choices: [], usage } };
  yield { data: '[DONE]' };
}

/** Unlike in the chat API, the last piece of text and the reason to stop come together. */
function* pieces(texts: readonly WrittenText[]): Generator<unknown> {
  for (const [index, { tokens, finish }] of texts.entries()) {
    for (const [position, token] of tokens.entries()) {
      const isLast = position === tokens.length - 1;
      yield { ...choice(index, token, finish), finish_reason: isLast ? finish : null };
    }
  }
}
