import { isObject, parseJson } from '../../../src/lib/json.ts';
import { type Answer, json, type UpstreamRequest } from './upstream.ts';

/** The text that stands for harm of a category, in the tests' own moderation. */
export const harm = 'something about violence';

const isModeration = ({ target }: UpstreamRequest) => target.endsWith('/moderations');

/** A provider whose moderation finds violence wherever the word is, in pictures too, and that answers calls as it is told. */
export function moderating(
  answer: Answer = json(200, { object: 'chat.completion', choices: [] }),
  moderation: Answer = judge,
): Answer {
  return (response, request) => (isModeration(request) ? moderation : answer)(response, request);
}

function judge(...[response, request]: Parameters<Answer>): void {
  const verdicts = inputsOf(request).map((input) => {
    const violence = JSON.stringify(input).includes('violence');
    return { flagged: violence, categories: { violence, 'hate/threatening': false } };
  });
  json(200, { results: verdicts })(response, request);
}

function inputsOf({ body }: UpstreamRequest): readonly unknown[] {
  const parsed = parseJson(body);
  const input = isObject(parsed) ? parsed.input : null;
  return Array.isArray(input) ? input : [input];
}

/** What the moderation was asked about, and what went on, in order. */
export function sent(requests: readonly UpstreamRequest[]): {
  readonly judged: readonly unknown[];
  readonly calls: readonly UpstreamRequest[];
} {
  return {
    judged: requests.filter(isModeration).flatMap(inputsOf),
    calls: requests.filter((request) => !isModeration(request)),
  };
}
