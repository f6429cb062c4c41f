import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commonDetails,
  commonModels,
  detailsWithin,
  narrowDetails,
  readAccess,
} from '../../src/grants/provider_access.ts';
import { covers } from '../../src/lib/model_pattern.ts';
import type { ProviderAccess } from '../../src/store/records.ts';

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
    ['more than a token holds', [{ ...whole, models: Array(50).fill('m'.repeat(40)) }], []],
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

/** Whether details let a call through: this model of this provider, with answers of this length. */
function allow(details: readonly ProviderAccess[], [provider, model, length]: Call): boolean {
  return details
    .filter((detail) => detail.provider === provider)
    .every(
      ({ models, max_output_tokens: most = length }) =>
        length <= most && (models?.some((pattern) => covers(pattern, model)) ?? true),
    );
}

type Call = readonly [provider: string, model: string, length: number];

const names = fc.constantFrom('a', 'ab', 'ac', 'abc', 'b', 'bc');
const providers = fc.constantFrom('openai', 'other');
const calls = fc.tuple(providers, names, fc.integer({ min: 1, max: 5 }));
const details = fc.uniqueArray(
  fc.record(
    {
      type: fc.constant('provider_access' as const),
      provider: providers,
      models: fc.array(
        fc.oneof(
          names,
          names.map((name) => `${name}*`),
          fc.constant('*'),
        ),
        { minLength: 1, maxLength: 3 },
      ),
      max_output_tokens: fc.integer({ min: 1, max: 5 }),
      rate: fc.record({ requests_per_minute: fc.integer({ min: 1, max: 2 }) }),
    },
    { requiredKeys: ['type', 'provider'] },
  ),
  { selector: ({ provider }) => provider },
);

describe('limits under limits', () => {
  it('narrowed, allow nothing that was not granted and asked for, and change no rate', () => {
    let narrowed = 0;
    fc.assert(
      fc.property(details, details, calls, (granted, asked, call) => {
        const result = narrowDetails(granted, asked);
        if (result.kind === 'refused') return;
        narrowed += 1;
        expect(allow(result.details, call)).toBe(allow(granted, call) && allow(asked, call));
        for (const { provider, rate } of result.details) {
          expect(rate).toEqual(granted.find((detail) => detail.provider === provider)?.rate);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(narrowed).toBeGreaterThan(100);
  });

  it('are refused exactly where something is asked for beyond them', () => {
    const granted = { ...whole, type: 'provider_access', models: ['gpt-5*'] } as ProviderAccess;
    const ask = (change: Partial<ProviderAccess>) =>
      narrowDetails([granted], [{ type: 'provider_access', provider: 'openai', ...change }]);
    expect(ask({})).toEqual({ kind: 'read', details: [granted] });
    expect(ask({ models: ['gpt-5-mini', 'gpt-5*'], max_output_tokens: 1000 })).toMatchObject({
      kind: 'read',
      details: [{ ...granted, models: ['gpt-5-mini', 'gpt-5*'] }],
    });
    for (const [member, value] of [
      ['models', ['gpt-5-mini', 'gpt-4o']],
      ['max_output_tokens', 1001],
      ['rate', { requests_per_minute: 59 }],
      ['budgets', [{ limit_usd: '5.00', period: 'month' }]],
    ] as const) {
      expect(ask({ [member]: value })).toMatchObject({ kind: 'refused', path: [0, member] });
    }
    expect(ask(granted)).toEqual({ kind: 'read', details: [granted] });
  });

  it('of a token and its grant allow what both allow, with the rate and the budgets of the grant', () => {
    fc.assert(
      fc.property(details, details, calls, (ofToken, ofGrant, call) => {
        const common = commonDetails(ofToken, ofGrant);
        expect(allow(common, call)).toBe(allow(ofToken, call) && allow(ofGrant, call));
        for (const { provider, rate } of common) {
          expect(rate).toEqual(ofGrant.find((detail) => detail.provider === provider)?.rate);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('are told for the providers alone that scopes reach', () => {
    const both = [whole, { ...whole, provider: 'other' }] as readonly ProviderAccess[];
    expect(detailsWithin(both, scopes)).toEqual([whole]);
    expect(detailsWithin(both, [])).toEqual([]);
  });
});
