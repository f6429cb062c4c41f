import { type Call, optionalInteger } from '../call.ts';
import { fieldsOf } from '../fields.ts';
import { forcedToolCall } from '../forced_tool.ts';
import { lastUserText } from '../prompt.ts';
import { schemaSample } from '../schema_sample.ts';
import { derivedId } from '../seed.ts';
import { answerText, stopSequences, type WrittenText, writeText } from '../written_text.ts';

/** One of `n` alternatives: a text, or the arguments of a tool that is called. */
export type ChatChoice = {
  readonly index: number;
  readonly written: WrittenText;
  readonly tool: { readonly id: string; readonly name: string } | undefined;
};

export function writeChoice(call: Call, messages: readonly unknown[], index: number): ChatChoice {
  const limit = optionalInteger(call, 'max_completion_tokens') ?? optionalInteger(call, 'max_tokens');
  const text = answerText(call.model, lastUserText(messages), index);
  const toolCall = forcedToolCall(call, text, limit);
  if (toolCall !== undefined) {
    const id = derivedId('call_', call.seed, `choice ${index}`);
    return { index, written: toolCall.arguments, tool: { id, name: toolCall.name } };
  }
  const stops = stopSequences(call.fields.stop);
  const written = writeText(formatted(call.fields.response_format, text), { limit, stops });
  return { index, written, tool: undefined };
}

export function finishReason({ written, tool }: ChatChoice): 'stop' | 'length' | 'tool_calls' {
  if (written.finish === 'length') return 'length';
  return tool === undefined ? 'stop' : 'tool_calls';
}

/** The text in the format asked for: as it is, as some JSON object, or as JSON that satisfies a schema. */
function formatted(format: unknown, text: string): string {
  const { type, json_schema } = fieldsOf(format);
  if (type === 'json_object') return JSON.stringify({ answer: text });
  return type === 'json_schema' ? JSON.stringify(schemaSample(fieldsOf(json_schema).schema, text)) : text;
}
