import type OpenAI from 'openai';
import { type Answer, eventStream, json } from '../answer.ts';
import { alternatives, type Call, requiredList } from '../call.ts';
import { fieldsOf, flagOf } from '../fields.ts';
import { promptTokens } from '../prompt.ts';
import { derivedId } from '../seed.ts';
import { type ChatChoice, finishReason, writeChoice } from './chat_choice.ts';
import { chatChunks } from './chat_stream.ts';
import { completionUsage } from './usage.ts';

/** POST /chat/completions */
export function createChatCompletion(call: Call): Answer {
  const messages = requiredList(call, 'messages');
  const choices = Array.from({ length: alternatives(call) }, (_, index) =>
    writeChoice(call, messages, index),
  );
  const tokens = {
    input: promptTokens(messages, call.fields),
    output: choices.reduce((sum, { written }) => sum + written.tokens.length, 0),
  };
  const usage = completionUsage(tokens);
  if (call.stream) {
    const includeUsage = flagOf(fieldsOf(call.fields.stream_options).include_usage);
    return eventStream(chatChunks(call, choices, includeUsage ? usage : undefined), tokens);
  }
  const completion = {
    id: derivedId('chatcmpl-', call.seed),
    object: 'chat.completion',
    created: call.created,
    model: call.model,
    choices: choices.map((choice) => ({
      index: choice.index,
      message: message(choice),
      logprobs: null,
      finish_reason: finishReason(choice),
    })),
    usage,
    service_tier: 'default',
    system_fingerprint: 'fp_sandbox',
  } satisfies OpenAI.ChatCompletion;
  return json(completion, tokens);
}

function message({ written, tool }: ChatChoice): OpenAI.ChatCompletionMessage {
  if (tool === undefined) return { role: 'assistant', content: written.text, refusal: null, annotations: [] };
  const call = { name: tool.name, arguments: written.text };
  return {
    role: 'assistant',
    content: null,
    refusal: null,
    annotations: [],
    tool_calls: [{ id: tool.id, type: 'function', function: call }],
  };
}
