import { type Answer, eventStream, type ServerEvent } from './answer.ts';
import type { Call } from './call.ts';
import { createChatCompletion } from './endpoints/chat.ts';
import { type Fields, fieldsOf } from './fields.ts';

/** What a provider makes of the usage of a chat. */
export interface UsageReport {
  /** What it counts. */
  readonly counted: (usage: Fields) => Fields;
  /** How the last chunk of a stream says so, unasked. */
  readonly inLastChunk: (usage: Fields) => Fields;
}

/** POST /chat/completions of a provider that tells of usage in a way of its own. */
export function chatReporting({ counted, inLastChunk }: UsageReport): (call: Call) => Answer {
  return (call) => {
    const fields = { ...call.fields, stream_options: { include_usage: true } };
    const answer = createChatCompletion({ ...call, fields });
    if (answer.kind === 'events') {
      const events = reportedAtTheEnd(answer.events, (usage) => inLastChunk(counted(usage)));
      return eventStream(events, answer.tokens);
    }
    if (answer.kind !== 'json') return answer;
    const body = fieldsOf(answer.body);
    return { ...answer, body: { ...body, usage: counted(fieldsOf(body.usage)) } };
  };
}

/** The same chunks; their usage is in the last one that has a choice, and in no other. */
function reportedAtTheEnd(
  events: Iterable<ServerEvent>,
  report: (usage: Fields) => Fields,
): readonly ServerEvent[] {
  const chunks = [...events];
  const [last, ofUsage, done] = chunks.splice(-3);
  const withUsage = { ...withoutUsage(last?.data), ...report(fieldsOf(fieldsOf(ofUsage?.data).usage)) };
  return [
    ...chunks.map((chunk) => ({ ...chunk, data: withoutUsage(chunk.data) })),
    { data: withUsage },
    { data: done?.data },
  ];
}

function withoutUsage(chunk: unknown): Fields {
  const { usage: _, ...rest } = fieldsOf(chunk);
  return rest;
}
