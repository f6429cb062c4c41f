import { afterAll, describe, expect, it } from 'vitest';
import { authenticateRequest } from '../../src/tokens/authenticate_request.ts';
import { createDpopProofs } from '../../src/tokens/dpop.ts';
import { createDpopKey } from '../support/dpop.ts';
import { claims, createSetting, keyringOf, newMasterKey } from './tokens.ts';

const setting = createSetting();
afterAll(() => setting.close());
const { accessTokens } = setting.startProcess();
const dpop = createDpopProofs(keyringOf(newMasterKey()), Date.now);
const { token } = await accessTokens.mint(claims, null);

const url = 'https://issuer.example/openai/v1/models';
const authenticate = (rawHeaders: readonly string[], tokenHeaders?: readonly string[]) =>
  authenticateRequest({ accessTokens, dpop }, { rawHeaders, method: 'GET', url }, tokenHeaders);
const both = ['x-api-key', 'x-goog-api-key'];

describe('an access token in a header of its own', () => {
  it.each(['x-api-key', 'X-Goog-Api-Key'])('is taken from %s where that is named', async (name) => {
    expect(await authenticate(['host', 'x', name, token], both)).toMatchObject({
      kind: 'authenticated',
      claims,
      proof: null,
    });
    expect(await authenticate(['authorization', `Bearer ${token}`], both)).toMatchObject({ claims });
  });

  it('is no token at all where that is not named', async () => {
    const refused = { kind: 'refused', error: null };
    expect(await authenticate(['x-api-key', token])).toMatchObject(refused);
    expect(await authenticate(['x-api-key', token], ['x-goog-api-key'])).toMatchObject(refused);
  });

  it.each<[string, readonly string[]]>([
    ['beside Authorization', ['authorization', `Bearer ${token}`, 'x-api-key', token]],
    ['beside an Authorization of another kind', ['authorization', 'Basic eDp5', 'x-api-key', token]],
    ['in two such headers', ['x-api-key', token, 'x-goog-api-key', token]],
    ['twice in one', ['x-api-key', token, 'X-Api-Key', token]],
    ['after a scheme', ['x-api-key', `Bearer ${token}`]],
    ['with another character', ['x-api-key', `${token}A`]],
    ['without one', ['x-api-key', '']],
  ])('147 is refused %s', async (_, rawHeaders) => {
    expect(await authenticate(rawHeaders, both)).toMatchObject({ kind: 'refused', error: 'invalid_token' });
  });

  it('is refused when it is bound to a key, also with a proof', async () => {
    const key = await createDpopKey();
    const bound = await accessTokens.mint({ ...claims, cnf: { jkt: key.thumbprint } }, null);
    const proof = await key.prove({ method: 'GET', url, nonce: dpop.nonce(), accessToken: bound.token });
    expect(await authenticate(['x-api-key', bound.token, 'dpop', proof], both)).toMatchObject({
      kind: 'refused',
      error: 'invalid_token',
    });
    expect(await authenticate(['authorization', `DPoP ${bound.token}`, 'dpop', proof], both)).toMatchObject({
      kind: 'authenticated',
      proof: { thumbprint: key.thumbprint },
    });
  });
});
