import { describe, expect, it } from 'vitest';
import { commonModels, readAccess } from '../../src/grants/provider_access.ts';
import { covers } from '../../src/lib/model_pattern.ts';

const scopes = ['openai:text'];
const whole = {
  type: 'provider_access',
  provider: 'openai',
  models: ['gpt-5*', 'text-embedding-3-small', '*'],
  budgets: [
    { limit_usd: '5.00', period: 'month' },
    { limit_usd: '0.000000001', period: 'day' },
  ],
  rate: { requests_per_minute: 60 },
  max_output_tokens: 1000,
};

describe('limits from outside', () => {
  it('are read as they are', () => {
    expect(readAccess([whole], scopes)).toEqual({ kind: 'read', details: [whole] });
    const least = { type: 'provider_access', provider: 'openai' };
    expect(readAccess([least], scopes)).toEqual({ kind: 'read', details: [least] });
    expect(readAccess([], scopes)).toEqual({ kind: 'read', details: [] });
  });

  it.each([
    ['no list', whole, []],
    ['another type', [{ ...whole, type: 'payment' }], [0, 'type']],
    ['an unknown provider', [{ ...whole, provider: 'nobody' }], [0, 'provider']],
    ['an unknown field', [{ ...whole, budget: '5' }], [0]],
    ['a star inside', [{ ...whole, models: ['gpt-*-mini'] }], [0, 'models', 0]],
    ['no models', [{ ...whole, models: [] }], [0, 'models']],
    [
      'an amount that is a number',
      [{ ...whole, budgets: [{ limit_usd: 5, period: 'day' }] }],
      [0, 'budgets', 0, 'limit_usd'],
    ],
    [
      'an amount of nothing',
      [{ ...whole, budgets: [{ limit_usd: '0.00', period: 'day' }] }],
      [0, 'budgets', 0, 'limit_usd'],
    ],
    [
      'too fine an amount',
      [{ ...whole, budgets: [{ limit_usd: '0.0000000001', period: 'day' }] }],
      [0, 'budgets', 0, 'limit_usd'],
    ],
    [
      'an unknown period',
      [{ ...whole, budgets: [{ limit_usd: '5', period: 'year' }] }],
      [0, 'budgets', 0, 'period'],
    ],
    ['two of one period', [{ ...whole, budgets: [...whole.budgets, ...whole.budgets] }], [0, 'budgets']],
    [
      'a rate of nothing',
      [{ ...whole, rate: { requests_per_minute: 0 } }],
      [0, 'rate', 'requests_per_minute'],
    ],
    ['half a token', [{ ...whole, max_output_tokens: 0.5 }], [0, 'max_output_tokens']],
    ['a field without a value', [{ ...whole, rate: null }], [0, 'rate']],
    ['a provider twice', [whole, whole], [1, 'provider']],
  ])('are refused with %s', (_, value, path) => {
    expect(readAccess(value, scopes)).toMatchObject({ kind: 'refused', path });
  });

  it('are refused for a provider that no scope is for', () => {
    expect(readAccess([whole], [])).toMatchObject({ kind: 'refused', path: [0, 'provider'] });
  });
});

it('a pattern covers what begins like it, and a name itself alone', () => {
  expect(covers('gpt-5*', 'gpt-5')).toBe(true);
  expect(covers('gpt-5*', 'gpt-5-mini*')).toBe(true);
  expect(covers('*', 'gpt-5*')).toBe(true);
  expect(covers('gpt-5', 'gpt-5')).toBe(true);
  expect(covers('gpt-5', 'gpt-5*')).toBe(false);
  expect(covers('gpt-5*', 'gpt-*')).toBe(false);
  expect(covers('gpt-5', 'gpt-5-mini')).toBe(false);
});

it('of two lists of models what both allow is left', () => {
  expect(commonModels(['gpt-*', 'o3'], ['gpt-5*', 'o3', 'o4'])).toEqual(['gpt-5*', 'o3']);
  expect(commonModels(['gpt-5'], ['o3'])).toEqual([]);
  expect(commonModels(undefined, ['o3'])).toEqual(['o3']);
  expect(commonModels(['o3'], undefined)).toEqual(['o3']);
  expect(commonModels(undefined, undefined)).toBeUndefined();
});
