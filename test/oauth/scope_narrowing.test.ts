import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { defaultScopes } from '../../src/catalog/catalog.ts';
import { introspect, obtainTokens, refresh } from '../conformance/flow.ts';
import { startTarget } from '../conformance/target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const browser = await target.signIn();

const some = fc.subarray([...defaultScopes], { minLength: 1 });
const asked = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...defaultScopes) },
      fc.constantFrom('no:such', '"', 'OPENAI:TEXT'),
    ),
    {
      maxLength: 3,
    },
  )
  .map((scopes) => scopes.join(' '));

it('79 a refreshed token is for what was authorized, is still allowed and is asked for, and for nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(some, some, asked, async (authorized, allowed, scope) => {
      const { refreshToken } = await obtainTokens(target, app, { scope: authorized.join(' ') }, { browser });
      await obtainTokens(target, app, { scope: allowed.join(' ') }, { browser });
      const answer = await refresh(target, app, refreshToken, { scope });

      const wanted = scope === '' ? authorized : scope.split(' ');
      const isWider = wanted.some((one) => !authorized.includes(one));
      const expected = authorized.filter((one) => allowed.includes(one) && wanted.includes(one));
      if (isWider || expected.length === 0) {
        expect(answer.status).toBe(400);
        expect(answer.error).toMatch(isWider ? 'invalid_scope' : /^invalid_(scope|grant)$/);
        return;
      }
      expect(String(answer.body.scope).split(' ').toSorted()).toEqual(expected.toSorted());
      expect(await introspect(target, app, answer.accessToken)).toMatchObject({ scope: answer.body.scope });
    }),
    { numRuns: 60 },
  );
});
