import { at, isObject, type JsonObject } from '../lib/json.ts';

/** Counts of one call in the price table's terms. */
export type Usage = Readonly<Record<string, number>>;

/** What is to be paid for: counts, and the model they are priced by when it is not the call's own. */
export interface Charge {
  readonly model: string | null;
  readonly usage: Usage;
}

/** How usage is written in a provider's answers: count in the price table's terms → where it stands. */
type UsageTable = Readonly<Record<string, readonly string[]>>;

const imageTokens: UsageTable = {
  input_tokens: ['input_tokens'],
  input_text_tokens: ['input_tokens_details', 'text_tokens'],
  input_image_tokens: ['input_tokens_details', 'image_tokens'],
  output_tokens: ['output_tokens'],
};

const tables = {
  chat: {
    input_tokens: ['prompt_tokens'],
    cache_read_tokens: ['prompt_tokens_details', 'cached_tokens'],
    cache_write_tokens: ['prompt_tokens_details', 'cache_write_tokens'],
    input_audio_tokens: ['prompt_tokens_details', 'audio_tokens'],
    output_tokens: ['completion_tokens'],
    output_reasoning_tokens: ['completion_tokens_details', 'reasoning_tokens'],
    output_audio_tokens: ['completion_tokens_details', 'audio_tokens'],
  },
  responses: {
    input_tokens: ['input_tokens'],
    cache_read_tokens: ['input_tokens_details', 'cached_tokens'],
    cache_write_tokens: ['input_tokens_details', 'cache_write_tokens'],
    output_tokens: ['output_tokens'],
    output_reasoning_tokens: ['output_tokens_details', 'reasoning_tokens'],
  },
  embeddings: { input_tokens: ['prompt_tokens'] },
  images: imageTokens,
  transcription: {
    input_tokens: ['input_tokens'],
    input_audio_tokens: ['input_token_details', 'audio_tokens'],
    output_tokens: ['output_tokens'],
    // The price table wants a total and its parts.
    audio_seconds: ['seconds'],
    input_audio_seconds: ['seconds'],
  },
  speech: { input_tokens: ['input_tokens'], output_tokens: ['output_tokens'] },
} as const satisfies Record<string, UsageTable>;

export type UsageKind = keyof typeof tables;

/** Further models at work in a call: where their usage stands, and where its model is named, if it is. */
const sideTables: readonly { readonly path: readonly string[]; readonly table: UsageTable }[] = [
  { path: ['tool_usage', 'image_gen'], table: imageTokens },
  {
    path: ['svg_usage'],
    table: {
      input_tokens: ['input_tokens'],
      output_tokens: ['output_tokens'],
      output_reasoning_tokens: ['reasoning_tokens'],
    },
  },
];

/** What an answer, or an event of a stream, reports. */
export interface UsageReport {
  readonly usage: Usage;
  readonly charges: readonly Charge[];
}

/**
 * Reads the usage that an answer reports.
 * @param answer a whole JSON answer or the data of one event; usage may stand in a `response` inside of it
 * @returns null when it reports none
 */
export function readUsage(kind: UsageKind, answer: unknown): UsageReport | null {
  const holder = isObject(at(answer, ['usage'])) ? answer : at(answer, ['response']);
  const reported = at(holder, ['usage']);
  const usage = isObject(reported) ? counts(tables[kind], reported) : null;
  if (!usage) return null;
  const model = at(holder, ['model']);
  return {
    usage,
    charges: [{ model: typeof model === 'string' ? model : null, usage }, ...sideCharges(holder)],
  };
}

function sideCharges(holder: unknown): readonly Charge[] {
  return sideTables.flatMap(({ path, table }) => {
    const reported = at(holder, path);
    const usage = isObject(reported) ? counts(table, reported) : null;
    if (!usage || Object.values(usage).every((count) => count === 0)) return [];
    const model = at(reported, ['model']);
    return [{ model: typeof model === 'string' ? model : null, usage }];
  });
}

function counts(table: UsageTable, reported: JsonObject): Usage | null {
  const usage: Record<string, number> = {};
  for (const [name, path] of Object.entries(table)) {
    const count = at(reported, path);
    if (typeof count === 'number' && Number.isFinite(count) && count >= 0) usage[name] = count;
  }
  return Object.keys(usage).length > 0 ? usage : null;
}
