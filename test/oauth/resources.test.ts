import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allScopes } from '../../src/catalog/catalog.ts';
import { narrowToResources } from '../../src/oauth/resources.ts';

const issuer = 'https://issuer.example';

describe('narrowing to resources', () => {
  it('never adds a scope, and never throws', () => {
    const resources = fc.array(fc.oneof(fc.constant(`${issuer}/openai/v1`), fc.webUrl(), fc.string()), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(fc.subarray([...allScopes]), resources, (scopes, named) => {
        const narrowed = narrowToResources(issuer, scopes, named);
        for (const scope of narrowed?.scopes ?? []) expect(scopes).toContain(scope);
        if (named.length > 0) expect(narrowed?.scopes).not.toEqual([]);
      }),
    );
  });
});
