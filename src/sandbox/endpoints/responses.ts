import type OpenAI from 'openai';
import { type Answer, eventStream, json, namedEvents } from '../answer.ts';
import { type Call, optionalInteger } from '../call.ts';
import { missingParameter } from '../errors.ts';
import { fieldsOf, flagOf, listOf, textOf } from '../fields.ts';
import { forcedToolCall } from '../forced_tool.ts';
import { lastUserText, promptTokens } from '../prompt.ts';
import { derivedId, sha256 } from '../seed.ts';
import { newSeed } from '../shelf.ts';
import { answerText, inFormat, writeText } from '../written_text.ts';
import { isKept, keepResponse, notYet, requireKept } from './kept_responses.ts';
import { responseEvents, type WireResponse, type WrittenOutput } from './response_events.ts';
import { hostedFees, hostedItems, toolUsage } from './response_tools.ts';
import { responseUsage } from './usage.ts';

/** POST /responses */
export function createResponse(asked: Call): Answer {
  const input = asked.fields.input;
  if (typeof input !== 'string' && !Array.isArray(input)) throw missingParameter('input');
  requireKept(asked);
  const call = isKept(asked.fields) ? { ...asked, seed: newSeed() } : asked;
  const output = writeOutput(call, lastUserText(input));
  const tokens = {
    input: promptTokens(input, call.fields),
    output: output.tokens.length,
    fees: hostedFees(call, output.hosted),
  };
  const response: WireResponse = {
    ...envelope(call),
    status: output.finish === 'length' ? 'incomplete' : 'completed',
    completed_at: output.finish === 'length' ? null : call.created,
    incomplete_details: output.finish === 'length' ? { reason: 'max_output_tokens' } : null,
    output: [...output.hosted, output.item],
    usage: responseUsage(tokens),
    ...toolUsage(call, output.hosted),
  };
  keepResponse(call, response);
  if (flagOf(call.fields.background)) return json({ ...response, ...notYet }, tokens);
  if (!call.stream) return json(response, tokens);
  const started: WireResponse = {
    ...envelope(call),
    status: 'in_progress',
    incomplete_details: null,
    output: [],
  };
  return eventStream(namedEvents(responseEvents(started, output, response), isToken), tokens);
}

/** POST /responses/input_tokens */
export function countInputTokens({ fields }: Call): Answer {
  return json({
    object: 'response.input_tokens',
    input_tokens: promptTokens(fields.input, fields),
  } satisfies OpenAI.Responses.InputTokenCountResponse);
}

/** POST /responses/compact: a summary that only its writer can read stands for the conversation. */
export function compactResponse(call: Call): Answer {
  const summary = answerText(call.model, lastUserText(call.fields.input));
  const written = writeText(summary, { limit: undefined });
  const tokens = { input: promptTokens(call.fields.input, call.fields), output: written.tokens.length };
  const compacted = {
    id: derivedId('resp_', call.seed),
    object: 'response.compaction',
    created_at: call.created,
    output: [{ id: derivedId('cmp_', call.seed), type: 'compaction', encrypted_content: sha256(summary) }],
    usage: responseUsage(tokens),
  } satisfies OpenAI.Responses.CompactedResponse;
  return json(compacted, tokens);
}

/** Each piece of what is written is one token. */
function isToken(type: string): boolean {
  return type.endsWith('.delta');
}

function writeOutput(call: Call, prompt: string): WrittenOutput {
  const limit = optionalInteger(call, 'max_output_tokens');
  const text = answerText(call.model, prompt);
  const toolCall = forcedToolCall(call, text, limit);
  const { type, schema } = fieldsOf(fieldsOf(call.fields.text).format);
  const written = toolCall?.arguments ?? writeText(inFormat(type, schema, text), { limit });
  const status = written.finish === 'length' ? 'incomplete' : 'completed';
  const item: WrittenOutput['item'] =
    toolCall === undefined
      ? {
          id: derivedId('msg_', call.seed),
          type: 'message',
          status,
          role: 'assistant',
          content: [{ type: 'output_text', text: written.text, annotations: [], logprobs: [] }],
        }
      : {
          id: derivedId('fc_', call.seed),
          type: 'function_call',
          status,
          call_id: derivedId('call_', call.seed),
          name: toolCall.name,
          arguments: written.text,
        };
  return { hosted: hostedItems(call, prompt), item, tokens: written.tokens, finish: written.finish };
}

/** What a response repeats of its request, and what is always the same. */
function envelope(call: Call): Omit<WireResponse, 'incomplete_details' | 'output'> {
  const { fields } = call;
  return {
    id: derivedId('resp_', call.seed),
    object: 'response',
    created_at: call.created,
    model: call.model,
    error: null,
    access_programs: null,
    background: flagOf(fields.background),
    instructions: textOf(fields.instructions) ?? null,
    max_output_tokens: optionalInteger(call, 'max_output_tokens') ?? null,
    // Repeated as they came; whether they are valid is the sender's affair.
    metadata: fieldsOf(fields.metadata) as OpenAI.Metadata,
    tools: listOf(fields.tools) as OpenAI.Responses.Tool[],
    tool_choice: (fields.tool_choice ?? 'auto') as WireResponse['tool_choice'],
    text: (fields.text ?? { format: { type: 'text' } }) as OpenAI.Responses.ResponseTextConfig,
    parallel_tool_calls: fields.parallel_tool_calls === undefined || flagOf(fields.parallel_tool_calls),
    previous_response_id: textOf(fields.previous_response_id) ?? null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
    temperature: typeof fields.temperature === 'number' ? fields.temperature : 1,
    top_p: typeof fields.top_p === 'number' ? fields.top_p : 1,
    truncation: 'disabled',
  };
}
