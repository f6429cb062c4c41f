import { exportJWK, generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { readJwks } from '../../src/grants/jwks.ts';

const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
const good = { ...(await exportJWK(publicKey)), kid: 'one' };
const rsa = await generateKeyPair('RS256', { extractable: true });
const smallRsa = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(128, 0xff).toString('base64url') };

const read = (...keys: readonly unknown[]) => readJwks(JSON.stringify({ keys }));

test('public keys are kept, and nothing beside them', async () => {
  const key = { ...good, use: 'sig', alg: 'ES256' };
  expect(read({ ...key, note: 'x', key_ops: ['verify'] })).toEqual({ kind: 'good', jwks: { keys: [key] } });
  const rsaKey = { ...(await exportJWK(rsa.publicKey)), kid: 'two' };
  expect(read(good, rsaKey)).toEqual({ kind: 'good', jwks: { keys: [good, rsaKey] } });
});

test.each<[string, string, RegExp]>([
  ['no JSON', '{', /JWK Set/],
  ['one key without a set', JSON.stringify(good), /JWK Set/],
  ['null', 'null', /JWK Set/],
  ['what is no list', '{"keys":{}}', /JWK Set/],
  ['what is too long', `{"keys":[]${' '.repeat(10_000)}}`, /JWK Set/],
])('%s is refused', (_name, text, complaint) => {
  expect(readJwks(text)).toEqual({ kind: 'refused', complaint: expect.stringMatching(complaint) });
});

test.each<[string, readonly unknown[], RegExp]>([
  ['no key', [], /one to 10 keys/],
  ['too many keys', Array(11).fill(good), /one to 10 keys/],
  ['a private key', [await exportJWK(privateKey)], /private or secret key/],
  ['a shared secret', [{ kty: 'oct', k: 'AAAA' }], /private or secret key/],
  ['another curve', [{ ...good, crv: 'P-384' }], /one of: EC P-256/],
  ['a kind with a name that every object has', [{ kty: 'constructor' }], /one of: EC P-256/],
  ['a point that is none', [{ ...good, x: 'AAAA' }], /malformed/],
  ['a short RSA key', [smallRsa], /under 2048 bits/],
  ['an alg of another kind', [{ ...good, alg: 'RS256' }], /has to be ES256/],
  ['alg none', [{ ...good, alg: 'none' }], /has to be ES256/],
  ['a key for encryption', [{ ...good, use: 'enc' }], /has to be sig/],
  ['a number as kid', [{ ...good, kid: 1 }], /has to be a text/],
  ['two of one kid', [good, good], /kid each/],
  ['two of which one has no kid', [good, { ...good, kid: undefined }], /kid each/],
])('%s is refused', (_name, keys, complaint) => {
  expect(read(...keys)).toEqual({ kind: 'refused', complaint: expect.stringMatching(complaint) });
});
