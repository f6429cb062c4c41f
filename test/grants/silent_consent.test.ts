import { describe, expect, test } from 'vitest';
import { asksNoMore } from '../../src/grants/silent_consent.ts';
import type { ProviderAccess } from '../../src/store/records.ts';

const access: ProviderAccess = {
  type: 'provider_access',
  provider: 'openai',
  models: ['gpt-5*', 'o3'],
  budgets: [
    { limit_usd: '5.00', period: 'month' },
    { limit_usd: '0.50', period: 'day' },
  ],
  rate: { requests_per_minute: 60 },
  max_output_tokens: 1000,
};
const scope = 'openai:text openai:images';
const bare = { type: 'provider_access', provider: 'openai' } as const;

const isSilent = (asked: readonly ProviderAccess[], allowed: readonly ProviderAccess[], asking = scope) =>
  asksNoMore({ scope: asking, authorizationDetails: asked }, { scope, authorizationDetails: allowed });

describe('asking again is asking for no more', () => {
  test.each<[string, readonly ProviderAccess[]]>([
    ['with the limits as they are', [access]],
    ['without a word about limits', []],
    ['without a word about any limit in particular', [bare]],
    ['for some of the models', [{ ...bare, models: ['o3', 'gpt-5-mini', 'gpt-5.1*'] }]],
    ['for less of everything', [{ ...access, rate: { requests_per_minute: 59 }, max_output_tokens: 1 }]],
    ['for less money', [{ ...bare, budgets: [{ limit_usd: '4.999999999', period: 'month' }] }]],
    [
      'for a limit on money where there is none',
      [{ ...bare, budgets: [{ limit_usd: '99', period: 'total' }] }],
    ],
  ])('%s', (_name, asked) => {
    expect(isSilent(asked, [access])).toBe(true);
  });

  test('for any limit where there is none', () => {
    expect(isSilent([access], [])).toBe(true);
    expect(isSilent([access], [bare])).toBe(true);
  });

  test('for some of the scopes', () => {
    expect(isSilent([], [], 'openai:images')).toBe(true);
  });
});

describe('asking again is asking for more', () => {
  test.each<[string, ProviderAccess]>([
    ['for another model', { ...bare, models: ['o3', 'gpt-4o'] }],
    ['for more models', { ...bare, models: ['gpt-*'] }],
    ['for any model', { ...bare, models: ['*'] }],
    ['for more calls', { ...bare, rate: { requests_per_minute: 61 } }],
    ['for longer answers', { ...bare, max_output_tokens: 1001 }],
    ['for more money', { ...bare, budgets: [{ limit_usd: '5.000000001', period: 'month' }] }],
    ['for more money in one of two periods', { ...access, budgets: [{ limit_usd: '10', period: 'day' }] }],
  ])('%s', (_name, asked) => {
    expect(isSilent([asked], [access])).toBe(false);
  });

  test('for another scope', () => {
    expect(isSilent([], [], 'openai:images openai:embeddings')).toBe(false);
  });
});
