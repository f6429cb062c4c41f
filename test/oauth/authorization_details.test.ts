import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readAccess } from '../../src/grants/provider_access.ts';
import { readDetails } from '../../src/oauth/authorization_details.ts';
import { OAuthError } from '../../src/oauth/errors.ts';
import { parseParameters } from '../../src/oauth/parameters.ts';
import { ask, authorizeUrl, formAuth } from '../conformance/flow.ts';
import { startTarget } from '../conformance/target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const scopes = ['openai:text'];

/** Good values of a field, and any others. */
const oneOf = (...good: readonly unknown[]) => fc.oneof(fc.constantFrom(...good), fc.jsonValue());
const detail = fc.record(
  {
    type: oneOf('provider_access'),
    provider: oneOf('openai', '__proto__', 'constructor'),
    models: oneOf(['gpt-5*', 'o3'], ['*'], [], ['']),
    budgets: oneOf([{ limit_usd: '5.00', period: 'day' }], [{ limit_usd: '5', period: 'never' }]),
    rate: oneOf({ requests_per_minute: 60 }, { requests_per_minute: 1e300 }),
    max_output_tokens: oneOf(1, 0.5, '1'),
  },
  { requiredKeys: [] },
);
const good = fc.record(
  {
    type: fc.constant('provider_access'),
    provider: fc.constant('openai'),
    models: fc.array(fc.constantFrom('gpt-5*', 'o3', '*'), { minLength: 1, maxLength: 3 }),
    rate: fc.constant({ requests_per_minute: 60 }),
  },
  { requiredKeys: ['type', 'provider'] },
);
const texts = fc.oneof(
  fc.array(good, { maxLength: 1 }).map((value) => JSON.stringify(value, null, 1)),
  fc.array(fc.oneof(good, detail), { maxLength: 2 }).map((value) => JSON.stringify(value)),
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.toWellFormed()),
);
const form = (text: string) => new URLSearchParams({ authorization_details: text }).toString();

describe('whatever is sent for authorization details', () => {
  it('is refused, or read as what it says and as nothing that would be refused elsewhere', () => {
    let read = 0;
    fc.assert(
      fc.property(texts, (text) => {
        const parameters = parseParameters(form(text));
        if (!parameters) return;
        const details = readDetails(parameters, scopes);
        if (details instanceof OAuthError) {
          expect(details.code).toBe('invalid_authorization_details');
          return;
        }
        read += 1;
        expect(details).toEqual(text === '' ? [] : JSON.parse(text));
        expect(readAccess(JSON.parse(JSON.stringify(details)), scopes)).toEqual({ kind: 'read', details });
      }),
      { numRuns: 1_000 },
    );
    expect(read).toBeGreaterThan(50);
  });

  it('the endpoints answer below 500', async () => {
    const query = new URL(authorizeUrl(target, app)).searchParams;
    const fields = `${query}&${new URLSearchParams({ client_secret: formAuth(app).client_secret ?? '' })}`;
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom('/oauth/par', '/oauth/device'), async (text, path) => {
        const { status, error } = await ask(target, path, `${fields}&${form(text)}`);
        expect(status).toBeLessThan(500);
        if (status > 299) expect(error).toMatch(/^invalid_(request|authorization_details)$/);
      }),
      { numRuns: 200 },
    );
  });
});
