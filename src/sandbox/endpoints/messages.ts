import type Anthropic from '@anthropic-ai/sdk';
import { isObject } from '../../lib/json.ts';
import { type Answer, eventStream, json, namedEvents } from '../answer.ts';
import { type Call, optionalInteger, requiredList } from '../call.ts';
import { missingParameter } from '../errors.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../fields.ts';
import { contentText, lastUserText, promptTokens } from '../prompt.ts';
import { schemaSample } from '../schema_sample.ts';
import { derivedId } from '../seed.ts';
import { answerText, inFormat, stopSequences, type WrittenText, writeText } from '../written_text.ts';
import { messageEvents, type WireMessage } from './message_events.ts';
import { hostedBlocks, serverToolUse } from './message_tools.ts';

/** POST /v1/messages */
export function createMessage(call: Call): Answer {
  const messages = requiredList(call, 'messages');
  const limit = optionalInteger(call, 'max_tokens');
  if (limit === undefined) throw missingParameter('max_tokens');
  const text = answerText(call.model, lastUserText(messages));
  const tool = forcedTool(call.fields);
  const { type, schema } = fieldsOf(fieldsOf(call.fields.output_config).format);
  const full = tool ? JSON.stringify(schemaSample(tool.input_schema, text)) : inFormat(type, schema, text);
  const stops = tool ? [] : stopSequences(call.fields.stop_sequences);
  const written = writeText(full, { limit, stops });
  const stop = stops.find((sequence) => full.startsWith(written.text + sequence)) ?? null;
  const hosted = hostedBlocks(call, lastUserText(messages));
  const message: WireMessage = {
    id: derivedId('msg_', call.seed),
    type: 'message',
    role: 'assistant',
    model: call.model,
    content: [
      ...hosted,
      tool ? toolUse(call, tool, written) : { type: 'text', text: written.text, citations: null },
    ],
    stop_reason: stopReason(written, tool, stop),
    stop_sequence: stop,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: { ...usage(inputTokens(call), written.tokens.length), server_tool_use: serverToolUse(hosted) },
  };
  return call.stream ? eventStream(namedEvents(messageEvents(message, written.tokens))) : json(message);
}

/** POST /v1/messages/count_tokens */
export function countMessageTokens(call: Call): Answer {
  requiredList(call, 'messages');
  return json({ input_tokens: inputTokens(call) } satisfies Anthropic.MessageTokensCount);
}

function inputTokens({ fields }: Call): number {
  return promptTokens(fields.messages, { ...fields, instructions: contentText(fields.system) });
}

/** The tool that `tool_choice` insists on. The sandbox never calls one of its own accord. */
function forcedTool({ tools, tool_choice }: Fields): Fields | undefined {
  const { type, name } = fieldsOf(tool_choice);
  const own = listOf(tools)
    .map(fieldsOf)
    .filter(({ input_schema }) => isObject(input_schema));
  if (type === 'any') return own[0];
  return type === 'tool' ? own.find((tool) => tool.name === name) : undefined;
}

function toolUse(call: Call, tool: Fields, { text, finish }: WrittenText): Anthropic.ToolUseBlock {
  return {
    type: 'tool_use',
    id: derivedId('toolu_', call.seed),
    name: textOf(tool.name) ?? '',
    // Cut short by the limit, it is no JSON.
    input: finish === 'stop' ? JSON.parse(text) : {},
    caller: { type: 'direct' },
  };
}

function stopReason(
  { finish }: WrittenText,
  tool: Fields | undefined,
  stop: string | null,
): Anthropic.StopReason {
  if (finish === 'length') return 'max_tokens';
  if (tool) return 'tool_use';
  return stop === null ? 'end_turn' : 'stop_sequence';
}

/** Nothing is ever cached or thought. */
function usage(input: number, output: number): Anthropic.Usage {
  return {
    input_tokens: input,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: null,
    speed: null,
  };
}
