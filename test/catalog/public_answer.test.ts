import { describe, expect, it } from 'vitest';
import { publicAnswer } from '../../src/catalog/public_answer.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { providerNamed } from '../support/broker.ts';

const { errors } = providerNamed('openai');
const told = 'Failed for org-Canary00';

const shownOf = (data: unknown) => publicAnswer(errors, data).shown;

describe('what an answer tells of its parts', () => {
  it.each<[JsonObject, JsonObject]>([
    [
      { output: [{ error: { code: 'server_error', message: told, organization: 'acme' } }] },
      { output: [{ error: { code: 'server_error', message: 'This failed at the provider.' } }] },
    ],
    [{ item: { error: told } }, { item: { error: 'This failed at the provider.' } }],
    [
      { errors: { object: 'list', data: [{ code: 'token_limit', line: 3, param: null, message: told }] } },
      {
        errors: {
          object: 'list',
          data: [{ code: 'token_limit', line: 3, param: null, message: 'This failed at the provider.' }],
        },
      },
    ],
    [{ errors: [told, { message: told }] }, { errors: Array(2).fill(expect.anything()) }],
    [
      { last_error: { code: 'unsupported_file', message: `No such file in org-Canary00` } },
      { last_error: { code: 'unsupported_file', message: 'No such file in [redacted]' } },
    ],
    [
      { content: { type: 'web_fetch_tool_result_error', error_code: 'unavailable', error_message: null } },
      { content: { type: 'web_fetch_tool_result_error', error_code: 'unavailable', error_message: null } },
    ],
    [
      { id: 'a', organization: 'acme', user_id: null },
      { id: 'a', user_id: null },
    ],
  ])('keeps its shape, and says nothing of the account: %j', (data, shown) => {
    expect(publicAnswer(errors, data)).toEqual({ shown, hasFailed: false });
    expect(JSON.stringify(shownOf(data))).not.toMatch(/anary|acme/);
  });

  it.each<[JsonObject]>([
    [{ choices: [{ message: { content: `"error": "${told}", "organization": "acme"` } }] }],
    [{ output: [{ type: 'function_call', arguments: `{"error":"${told}"}` }] }],
    [{ content: [{ type: 'tool_use', input: { error: told, user_id: 'u', type: 'some_error' } }] }],
    [{ parts: [{ functionCall: { args: { organization: 'acme', error: { message: told } } } }] }],
    [{ metadata: { project: 'p', error: 'e' }, attributes: { user_id: 'u' } }],
    [{ tools: [{ parameters: { properties: { error: { type: 'string' } } } }] }],
    [{ text: { format: { schema: { properties: { organization: { type: 'string' } } } } } }],
    [{ error: null, last_error: null, response: { error: null, incomplete_details: null } }],
  ])('leaves alone what the model and the app have written: %j', (data) => {
    expect(shownOf(data)).toBe(data);
  });

  it('is left out where it is nested deeper than any answer', () => {
    let data: unknown = { error: told };
    for (let depth = 0; depth < 10_000; depth += 1) data = depth % 2 ? [data] : { output: data };
    expect(JSON.stringify(shownOf(data))).not.toContain(told);
  });
});

describe('the text of an answer is read', () => {
  const { mention } = errors.privateParts;
  const mentions = (data: JsonObject, space = 0) => mention.test(JSON.stringify(data, null, space));

  it.each<[JsonObject]>([
    [{ error: 'x' }],
    [{ last_error: {} }],
    [{ errors: [] }],
    [{ type: 'error' }],
    [{ type: 'web_search_tool_result_error' }],
    [{ organization: 'x' }],
  ])('where it may tell something: %j', (data) => {
    for (const space of [0, 1, 8]) expect(mentions(data, space)).toBe(true);
  });

  it.each<[JsonObject]>([
    [{ error: null, last_error: null }],
    [{ delta: 'an "error": in "organization"' }],
    [{ choices: [{ index: 0, delta: { content: 'an error' } }] }],
  ])('and not where it cannot: %j', (data) => {
    for (const space of [0, 1, 8]) expect(mentions(data, space)).toBe(false);
  });
});
