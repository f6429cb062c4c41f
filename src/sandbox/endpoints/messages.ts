import type Anthropic from '@anthropic-ai/sdk';
import { isObject } from '../../lib/json.ts';
import { type Answer, eventStream, json } from '../answer.ts';
import type { Tokens } from '../bill.ts';
import { type Call, optionalInteger, requiredList } from '../call.ts';
import { missingParameter } from '../errors.ts';
import { type Fields, fieldsOf, integerOf, listOf, textOf } from '../fields.ts';
import { contentText, lastUserText, promptTokens } from '../prompt.ts';
import { schemaSample } from '../schema_sample.ts';
import { derivedId } from '../seed.ts';
import {
  answerText,
  inFormat,
  stopSequences,
  type WrittenText,
  writeText,
  writeThought,
} from '../written_text.ts';
import { messageEvents, type WireMessage } from './message_events.ts';
import { hostedBlocks, hostedFees, serverToolUse } from './message_tools.ts';

/** POST /v1/messages */
export function createMessage(call: Call): Answer {
  const messages = requiredList(call, 'messages');
  const limit = optionalInteger(call, 'max_tokens');
  if (limit === undefined) throw missingParameter('max_tokens');
  const prompt = lastUserText(messages);
  const text = answerText(call.model, prompt);
  const thought = isThought(call.fields) ? writeThought(prompt, thoughtLimit(call.fields, limit)) : null;
  const tool = forcedTool(call.fields);
  const { type, schema } = fieldsOf(fieldsOf(call.fields.output_config).format);
  const full = tool ? JSON.stringify(schemaSample(tool.input_schema, text)) : inFormat(type, schema, text);
  const stops = tool ? [] : stopSequences(call.fields.stop_sequences);
  const thinking_tokens = thought?.tokens.length ?? 0;
  const written = writeText(full, { limit: limit - thinking_tokens, stops });
  const stop = stops.find((sequence) => full.startsWith(written.text + sequence)) ?? null;
  const hosted = hostedBlocks(call, prompt);
  const output = thinking_tokens + written.tokens.length;
  const tokens = { input: inputTokens(call), output, fees: hostedFees(hosted) };
  const message: WireMessage = {
    id: derivedId('msg_', call.seed),
    type: 'message',
    role: 'assistant',
    model: call.model,
    content: [
      ...(thought ? [thinkingBlock(call, thought)] : []),
      ...hosted,
      tool ? toolUse(call, tool, written) : { type: 'text', text: written.text, citations: null },
    ],
    stop_reason: stopReason(written, tool, stop),
    stop_sequence: stop,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: {
      ...usage(tokens),
      output_tokens_details: thought && { thinking_tokens },
      server_tool_use: serverToolUse(hosted),
    },
  };
  if (!call.stream) return json(message, tokens);
  return eventStream(messageEvents(message, written.tokens), tokens);
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

function isThought({ thinking }: Fields): boolean {
  return ['enabled', 'adaptive'].includes(textOf(fieldsOf(thinking).type) ?? '');
}

/** In tokens: its own budget, and never more than the whole answer may have. */
function thoughtLimit({ thinking }: Fields, limit: number): number {
  return Math.min(limit, integerOf(fieldsOf(thinking).budget_tokens) ?? limit);
}

function thinkingBlock(call: Call, { text }: WrittenText): Anthropic.ThinkingBlock {
  return { type: 'thinking', thinking: text, signature: derivedId('', call.seed, 'thought') };
}

/** Nothing is ever cached. */
function usage({ input, output }: Tokens): Anthropic.Usage {
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
