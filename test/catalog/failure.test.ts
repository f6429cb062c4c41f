import { describe, expect, it } from 'vitest';
import { findProvider } from '../../src/catalog/catalog.ts';
import { failureMeaning, readError, redact } from '../../src/catalog/failure.ts';
import { publicAnswer } from '../../src/catalog/public_answer.ts';

const { errors } = findProvider('openai') ?? expect.fail();
const { errors: gemini } = findProvider('gemini') ?? expect.fail();
const { errors: anthropic } = findProvider('anthropic') ?? expect.fail();

describe('redaction', () => {
  it.each([
    'org-SandboxAccount0001',
    'org-abcdefgh',
    'proj_Ab12Cd34Ef56',
    'user-9aB8c7D6e5',
    'req_0123456789abcdef',
    'sk-proj-abc_DEF-123',
    'sk-qnWGU****Rvfb',
    'sk-svcacct-x1',
    'ft:gpt-4o-mini-2024-07-18:acme::abc12345',
    'a22cf6e6-1c3b-4d5e-8f90-0123456789ab',
    'A22CF6E6-1C3B-4D5E-8F90-0123456789AB',
    'somebody@example.com',
    'ek_0123456789abcdef',
  ])('takes out %s', (name) => {
    for (const text of [name, `in ${name}.`, `(${name})`, `'${name}',`, `"${name}"`, `\`${name}\``]) {
      expect(redact(errors, text)).not.toContain(name.slice(4));
      expect(redact(errors, text)).toContain('[redacted]');
    }
  });

  it.each([
    "Unsupported parameter: 'max_tokens' is not supported with this model.",
    "Invalid 'user_location.type': expected 'approximate'.",
    'The request is user-provided; task-specific, risk-free and user-facing.',
    'Unknown key_value in messages[0].content[1].image_url',
  ])('leaves %s', (text) => {
    expect(redact(errors, text)).toBe(text);
  });

  it('keeps codes and params only where they are plain', () => {
    const error = readError(errors, {
      message: { deep: 1 },
      type: 'invalid_request_error',
      code: 'a code with spaces',
      param: 'input[0] in org-abcdefgh',
    });
    expect(error).toEqual({
      message: '',
      type: 'invalid_request_error',
      code: null,
      param: 'input[0] in [redacted]',
    });
  });
});

describe('what a refusal of the provider means', () => {
  const error = { message: '', type: null, code: null, param: null };
  it.each([
    [401, { code: 'invalid_api_key' }, 403, 'provider_key_invalid', true],
    [401, { message: 'Missing scopes: model.request' }, 403, 'provider_key_invalid', undefined],
    [401, { code: 'mismatched_organization' }, 403, 'provider_key_invalid', undefined],
    [403, {}, 403, 'provider_key_invalid', undefined],
    [429, { code: 'insufficient_quota' }, 429, 'provider_quota_exceeded', undefined],
    [429, { type: 'insufficient_quota' }, 429, 'provider_quota_exceeded', undefined],
    [429, { code: 'billing_hard_limit_reached' }, 429, 'provider_quota_exceeded', undefined],
    [402, {}, 429, 'provider_quota_exceeded', undefined],
    [429, { code: 'rate_limit_exceeded' }, 429, 'provider_rate_limited', undefined],
    [500, {}, 502, 'provider_error', undefined],
    [503, {}, 502, 'provider_error', undefined],
    [418, {}, 502, 'provider_error', undefined],
  ])('%i %j', (status, carries, wireStatus, code, keyIsBad) => {
    expect(failureMeaning(errors, status, { ...error, ...carries })).toMatchObject({
      status: wireStatus,
      code,
    });
    expect(failureMeaning(errors, status, { ...error, ...carries })?.keyIsBad).toBe(keyIsBad);
  });

  it.each([400, 404, 409, 422])('%i is about the request, and goes on', (status) => {
    expect(failureMeaning(errors, status, error)).toBeNull();
  });
});

describe('errors inside an answer', () => {
  const text = 'Crashed in org-abcdefgh';
  it.each([
    [{ error: { message: text, type: 'server_error', code: null } }],
    [{ error: text }],
    [{ type: 'error', code: 'server_error', message: text, sequence_number: 4, account: text }],
    [{ type: 'response.failed', response: { id: 'r', error: { code: 'server_error', message: text } } }],
    [{ type: 'error', error: { type: 'invalid_request_error', message: text } }],
  ])('%j', (data) => {
    const { shown, hasFailed } = publicAnswer(errors, data);
    expect(hasFailed).toBe(true);
    expect(JSON.stringify(shown)).not.toContain('org-abc');
  });

  it.each([[{ error: null }], [{ response: { error: null } }], [{ choices: [] }], [null], ['x']])(
    'there is none in %j',
    (data) => {
      expect(publicAnswer(errors, data)).toEqual({ shown: data, hasFailed: false });
    },
  );

  it('keeps the text where the caller can do something about it', () => {
    const data = { response: { error: { code: 'invalid_image_url', message: 'No picture at that URL' } } };
    expect(JSON.stringify(publicAnswer(errors, data).shown)).toContain('No picture at that URL');
  });

  it.each([
    'Your credit balance is too low to access the Anthropic API.',
    'You have reached your specified API usage limits.',
    'This organization has been disabled.',
  ])('keeps to itself what is said of the account under the name of a wrong request: %s', (message) => {
    const data = { type: 'error', error: { type: 'invalid_request_error', message } };
    expect(JSON.stringify(publicAnswer(anthropic, data).shown)).not.toContain(message);
    const prompt = { type: 'error', error: { type: 'invalid_request_error', message: 'prompt is too long' } };
    expect(JSON.stringify(publicAnswer(anthropic, prompt).shown)).toContain('prompt is too long');
  });
});

describe('errors of Anthropic', () => {
  it.each([
    'sk-ant-api03-abc_DEF-123',
    'sk-ant-admin01-abcDEF',
    'wrkspc_011CZkZaBF1tNoB5wlCeusgy',
    'req_011CSHoEeqs5C35K2UUqR7Fy',
    'file_011CNha8iCJcU1wXNR6q4V8w',
    'apikey_01Rj2N8SVvo6BePZj99NhmiT',
    'a22cf6e6-1c3b-4d5e-8f90-0123456789ab',
    'somebody@example.com',
  ])('do not name %s', (name) => {
    for (const text of [name, `in ${name}.`, `(${name})`, `"${name}"`]) {
      expect(redact(anthropic, text)).not.toContain(name.slice(5));
    }
  });

  it('keep what is about the request', () => {
    const text = 'messages.0.content.1.image.source: file_upload, user_location or req_size is wrong';
    expect(redact(anthropic, text)).toBe(text);
  });

  it.each<[number, object, string, boolean | undefined]>([
    [401, { type: 'authentication_error', message: 'invalid x-api-key' }, 'provider_key_invalid', true],
    [403, { type: 'permission_error', message: 'Not for you' }, 'provider_key_invalid', undefined],
    [
      400,
      {
        type: 'invalid_request_error',
        message: 'Your credit balance is too low to access the Anthropic API.',
      },
      'provider_quota_exceeded',
      undefined,
    ],
    [
      400,
      { type: 'invalid_request_error', message: 'You have reached your specified API usage limits.' },
      'provider_quota_exceeded',
      undefined,
    ],
    [
      400,
      { type: 'invalid_request_error', message: 'This organization has been disabled.' },
      'provider_key_invalid',
      undefined,
    ],
    [
      400,
      { type: 'invalid_request_error', details: { error_code: 'organization_on_hold' } },
      'provider_key_invalid',
      undefined,
    ],
    [402, { type: 'billing_error' }, 'provider_quota_exceeded', undefined],
    [
      429,
      { type: 'rate_limit_error', details: { error_code: 'enforced_spend_limit_reached' } },
      'provider_quota_exceeded',
      undefined,
    ],
    [429, { type: 'rate_limit_error', message: 'Number of tokens' }, 'provider_rate_limited', undefined],
    [500, { type: 'api_error' }, 'provider_error', undefined],
    [529, { type: 'overloaded_error', message: 'Overloaded' }, 'provider_error', undefined],
  ])('with %i %j mean %s', (status, carrier, code, keyIsBad) => {
    const means = failureMeaning(anthropic, status, readError(anthropic, { ...carrier }));
    expect(means?.code).toBe(code);
    expect(means?.keyIsBad).toBe(keyIsBad);
  });

  it.each([400, 404, 413])('with %i are about the request, and go on', (status) => {
    expect(
      failureMeaning(anthropic, status, readError(anthropic, { message: 'max_tokens: too large' })),
    ).toBe(null);
  });

  it.each([
    [400, 'invalid_request_error'],
    [401, 'authentication_error'],
    [402, 'billing_error'],
    [403, 'permission_error'],
    [404, 'not_found_error'],
    [413, 'request_too_large'],
    [429, 'rate_limit_error'],
    [502, 'api_error'],
    [503, 'overloaded_error'],
    [504, 'timeout_error'],
  ])('of ours with status %i have the type %s', (status, type) => {
    const error = { message: 'No.', type: 'server_error', code: 'some_code', param: null } as const;
    const body = anthropic.body({ ...error, source: 'coatcheck' }, { status, requestId: 'call_1' });
    expect(body).toEqual({
      type: 'error',
      error: { ...error, type, source: 'coatcheck', details: { error_code: 'some_code' } },
      request_id: 'call_1',
    });
  });

  it('in the middle of a stream leave out the id of the request', () => {
    const data = {
      type: 'error',
      error: { type: 'overloaded_error', message: 'Overloaded in a22cf6e6-1c3b-4d5e-8f90-0123456789ab' },
      request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy',
    };
    expect(publicAnswer(anthropic, data).shown).toEqual({
      type: 'error',
      error: {
        type: 'overloaded_error',
        message: 'The provider broke off with an error. Try again.',
        code: null,
        param: null,
        source: 'provider',
      },
    });
  });
});

describe('errors of Gemini', () => {
  it.each([
    'AIzaSyA0123456789abcdefghijklmnopqrstuv',
    'AQ.Ab8RN6abcdefghijklmnopqrstuvwxyz',
    'projects/123456789012',
    'project_number:123456789012',
    'project 123456789012',
    'gen-lang-client-0123456789',
    'tunedModels/adas-model-x1',
    'somebody@example.com',
  ])('do not name %s', (name) => {
    for (const text of [name, `in ${name}.`, `https://api.test/?key=${name}&x`, `"${name}"`]) {
      expect(redact(gemini, text)).not.toContain(name.slice(-8));
    }
  });

  it('keep what is about the request', () => {
    const text = 'models/gemini-x is not found; 1048577 tokens exceed contents[0].parts[1].inline_data';
    expect(redact(gemini, text)).toBe(text);
  });

  const info = (reason: string) => ({ details: [{ '@type': 'a' }, { '@type': 'b', reason }] });
  const quota = (...ids: readonly string[]) => ({
    details: [{ violations: ids.map((quotaId) => ({ quotaId })) }],
  });

  it.each<[number, object, string, boolean | undefined]>([
    [400, { status: 'INVALID_ARGUMENT', ...info('API_KEY_INVALID') }, 'provider_key_invalid', true],
    [400, { status: 'FAILED_PRECONDITION' }, 'provider_key_invalid', undefined],
    [401, { status: 'UNAUTHENTICATED' }, 'provider_key_invalid', true],
    [403, { status: 'PERMISSION_DENIED', ...info('SERVICE_DISABLED') }, 'provider_key_invalid', undefined],
    [403, { message: 'Your API key was reported as leaked.' }, 'provider_key_invalid', true],
    [429, quota('GenerateRequestsPerMinutePerProjectPerModel'), 'provider_rate_limited', undefined],
    [429, quota('InputTokensPerMinute', 'RequestsPerDay-FreeTier'), 'provider_quota_exceeded', undefined],
    [429, { message: 'Your prepayment credits are depleted.' }, 'provider_quota_exceeded', undefined],
    [500, { status: 'INTERNAL' }, 'provider_error', undefined],
    [503, { status: 'UNAVAILABLE' }, 'provider_error', undefined],
    [504, { status: 'DEADLINE_EXCEEDED' }, 'provider_error', undefined],
  ])('%i %j', (status, carrier, code, keyIsBad) => {
    const means = failureMeaning(gemini, status, readError(gemini, { message: '', ...carrier }));
    expect(means?.code).toBe(code);
    expect(means?.keyIsBad).toBe(keyIsBad);
  });

  it.each([400, 404])('%i is about the request, and goes on', (status) => {
    expect(failureMeaning(gemini, status, readError(gemini, { status: 'INVALID_ARGUMENT' }))).toBeNull();
  });

  it.each([400, 403])('%i does not have the key taken for bad by what an app has sent', (status) => {
    const message = 'Invalid value: "API key not valid. Your API key was reported as leaked."';
    const means = failureMeaning(
      gemini,
      status,
      readError(gemini, { message, details: [{ field: message }] }),
    );
    expect(means?.keyIsBad).toBeUndefined();
  });
});
