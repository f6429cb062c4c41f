import type { AnswerRules } from '../route.ts';
import type { UsageRules } from '../usage.ts';

/** How OpenAI's API answers. */

export const json = 'application/json';
export const eventStream = 'text/event-stream';
export const captions = ['text/plain', 'text/vtt', 'application/x-subrip'];

export const held: AnswerRules = { types: [json], json: 'held', endings: null };
export const through: AnswerRules = { types: [json, eventStream], json: 'through', endings: null };
export const chatAnswer: AnswerRules = {
  types: [json, eventStream],
  json: 'held',
  endings: ['data: [DONE]'],
};

export const responsesAnswer: AnswerRules = {
  types: [json, eventStream],
  json: 'held',
  endings: [
    'event: response.completed',
    'event: response.incomplete',
    'event: response.failed',
    'event: error',
  ],
};

/** No answer tells what such a call costs: it counts as the most that it can. */
export const untold: UsageRules = { table: {} };

/** A file, whatever is in it. */
export const anything: AnswerRules = {
  types: ['application/', 'text/', 'image/', 'audio/', 'video/'],
  json: 'file',
  endings: null,
};
