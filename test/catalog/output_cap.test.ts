import { describe, expect, it } from 'vitest';
import { providers } from '../../src/catalog/catalog.ts';
import { readOutputCap, withOutputCap } from '../../src/catalog/output_cap.ts';

const routes = providers.flatMap((provider) => provider.routes);

describe('the bound of an answer', () => {
  it('is known for every route on which a model writes text that costs', () => {
    const unbounded = routes.filter(
      ({ scope, usage, output }) => scope.endsWith(':text') && usage && !output,
    );
    expect(unbounded).toEqual([]);
  });

  it('stands in fields that go on to the provider', () => {
    for (const { body, output } of routes) {
      for (const field of output?.caps ?? []) {
        const fields = body.kind === 'json' ? body.fields : {};
        const holder = output?.within === undefined ? null : fields[output.within];
        const rules = holder?.kind === 'object' ? holder.fields : fields;
        expect(rules[field]).toEqual({ kind: 'allow' });
      }
    }
  });

  const rules = { caps: ['max_completion_tokens', 'max_tokens'] };

  it('is what any of the fields says, if they agree', () => {
    expect(readOutputCap(rules, { max_tokens: 7 })).toEqual({ kind: 'read', tokens: 7, field: 'max_tokens' });
    expect(readOutputCap(rules, { max_tokens: 7, max_completion_tokens: 7 })).toMatchObject({ tokens: 7 });
    expect(readOutputCap(rules, { max_tokens: null })).toMatchObject({ tokens: 'open' });
    expect(readOutputCap({ caps: [] }, { max_tokens: 7 })).toMatchObject({ tokens: 'unbounded' });
  });

  it('is refused when the fields contradict each other', () => {
    expect(readOutputCap(rules, { max_tokens: 7, max_completion_tokens: 8 })).toMatchObject({
      ...{ kind: 'refused', code: 'invalid_request', param: 'max_tokens' },
    });
  });

  it.each(['7', 7.5, -1, 1e300, Number.POSITIVE_INFINITY, true, [7], { valueOf: 7 }])(
    'is refused when it is %j',
    (max_tokens) => {
      expect(readOutputCap(rules, { max_tokens })).toMatchObject({
        ...{ kind: 'refused', code: 'invalid_request', param: 'max_tokens' },
      });
    },
  );

  it('of nothing is refused wherever it could stand for none at all', () => {
    const taken = routes.filter(({ output }) => {
      const [cap] = output?.caps ?? [];
      if (!output || cap === undefined) return false;
      const { within } = output;
      const body = within === undefined ? { [cap]: 0 } : { [within]: { [cap]: 0 } };
      return readOutputCap(output, body).kind === 'read';
    });
    expect(new Set(taken.map(({ path }) => path))).toEqual(
      new Set(['/completions', '/openai/deployments/{model}/completions', '/v1/messages']),
    );
  });

  it('is filled in where there is none, up to what holds anyway', () => {
    expect(withOutputCap(rules, { n: 2, max_tokens: null }, 50)).toEqual({
      ...{ n: 2, max_tokens: null },
      max_completion_tokens: 50,
    });
    const short = { caps: ['max_tokens'], otherwise: 16 };
    expect(withOutputCap(short, {}, 50)).toEqual({ max_tokens: 16 });
    expect(withOutputCap(short, {}, 5)).toEqual({ max_tokens: 5 });
  });
});
