import { type Call, optionalInteger } from '../call.ts';
import { fieldsOf } from '../fields.ts';
import { forcedToolCall } from '../forced_tool.ts';
import { lastUserText } from '../prompt.ts';
import { derivedId } from '../seed.ts';
import { answerText, inFormat, stopSequences, type WrittenText, writeText } from '../written_text.ts';

/** One of `n` alternatives: a text, or the arguments of a tool that is called. */
export interface ChatChoice {
  readonly index: number;
  readonly written: WrittenText;
  readonly tool: { readonly id: string; readonly name: string } | undefined;
}

/** Writes one alternative: the forced tool's arguments if there is one, else the answer in the format asked for. */
export function writeChoice(call: Call, messages: readonly unknown[], index: number): ChatChoice {
  const limit = optionalInteger(call, 'max_completion_tokens') ?? optionalInteger(call, 'max_tokens');
  const text = answerText(call.model, lastUserText(messages), index);
  const toolCall = forcedToolCall(call, text, limit);
  if (toolCall !== undefined) {
    const id = derivedId('call_', call.seed, `choice ${index}`);
    return { index, written: toolCall.arguments, tool: { id, name: toolCall.name } };
  }
  const stops = stopSequences(call.fields.stop);
  const { type, json_schema } = fieldsOf(call.fields.response_format);
  const full = inFormat(type, fieldsOf(json_schema).schema, text);
  const written = writeText(full, { limit, stops });
  return { index, written, tool: undefined };
}

/** Why the alternative ends where it does, in the chat API's words. */
export function finishReason({ written, tool }: ChatChoice): 'stop' | 'length' | 'tool_calls' {
  if (written.finish === 'length') return 'length';
  return tool === undefined ? 'stop' : 'tool_calls';
}
