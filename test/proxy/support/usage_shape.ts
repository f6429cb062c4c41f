import type { Usage } from '../../../src/catalog/usage.ts';
import type { JsonObject } from '../../../src/lib/json.ts';

/** A call, what its provider answers, and what is read off that. */
export interface Shape {
  readonly provider: string;
  readonly path: string;
  readonly sent: JsonObject;
  readonly usage: Usage | null;
  /** In nano-USD; null where it is not known. */
  readonly cost: number | null;
  /** What counts where the cost is not known, in nano-USD; absent: what was reserved. */
  readonly counted?: number;
}

export type StreamShape = Shape & {
  readonly events: readonly (readonly [name: string | null, data: unknown])[];
};
export type AnswerShape = Shape & { readonly answer: unknown };
export type FileShape = Shape & { readonly mediaType: string; readonly content: string };

export const chat = { messages: [{ role: 'user', content: 'Hi' }], stream: true };
export const chatPath = '/chat/completions';
export const chunk = (more: object) => [null, { object: 'chat.completion.chunk', ...more }] as const;
export const said = chunk({ choices: [{ delta: { content: 'Hé, "usage":{}' } }], usage: null });
export const done = [null, '[DONE]'] as const;
export const counts = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
export const plain = { input_tokens: 100, output_tokens: 10 };
