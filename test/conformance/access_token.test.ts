import {
  type CryptoKey,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
} from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { introspect, obtainTokens } from './flow.ts';
import { startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const { accessToken } = await obtainTokens(target, app);
const header = { ...decodeProtectedHeader(accessToken), alg: 'ES256' };
const claims = decodeJwt(accessToken);

/** A token with a good signature of the server's own, but for what changes; undefined leaves a member out. */
async function forge(changes: { header?: object; claims?: object }): Promise<string> {
  const { privateKey } = await target.broker.deps.signingKeys.active();
  return new SignJWT({ ...claims, ...changes.claims })
    .setProtectedHeader({ ...header, ...changes.header })
    .sign(privateKey);
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const isActive = async (token: string) => (await introspect(target, app, token)).active;

describe('access token', () => {
  it('143 is a signed JWT as RFC 9068 has it', () => {
    expect(header).toEqual({ typ: 'at+jwt', alg: 'ES256', kid: expect.any(String) });
    expect(claims).toEqual({
      iss: target.baseUrl,
      sub: expect.any(String),
      aud: `${target.baseUrl}/openai/v1`,
      client_id: app.clientId,
      exp: expect.any(Number),
      iat: expect.any(Number),
      jti: expect.any(String),
      scope: 'openai:text openai:embeddings',
      grant_id: expect.stringMatching(/^grt_/),
      family_id: expect.stringMatching(/^fam_/),
    });
    expect(claims.sub).not.toMatch(/^usr_/);
  });

  it('144 a forgery is told from the real thing', async () => {
    expect(await isActive(accessToken)).toBe(true);
    expect(await isActive(await forge({}))).toBe(true);
  });

  it('144 no algorithm, or a symmetric one under the public key, is refused', async () => {
    const [, payload = ''] = accessToken.split('.');
    expect(await isActive(`${encode({ ...header, alg: 'none' })}.${payload}.`)).toBe(false);
    const { keys } = (await (await fetch(`${target.baseUrl}/oauth/jwks`)).json()) as { keys: JWK[] };
    const [jwk = {}] = keys;
    const pem = await exportSPKI((await importJWK(jwk, 'ES256', { extractable: true })) as CryptoKey);
    for (const secret of [JSON.stringify(jwk), pem, pem.trim(), 'x'.repeat(32)]) {
      const token = await new SignJWT(claims)
        .setProtectedHeader({ ...header, alg: 'HS256' })
        .sign(new TextEncoder().encode(secret));
      expect(await isActive(token)).toBe(false);
    }
  });

  it('144 another key is refused, however the token offers it', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    for (const extra of [
      {},
      { jwk },
      { jku: 'https://evil.example/jwks' },
      { x5u: 'https://evil.example/cert' },
      { kid: 'sig_unknown' },
      { kid: undefined },
      { kid: '../../etc/passwd' },
    ]) {
      const token = await new SignJWT(claims)
        .setProtectedHeader({ ...header, ...extra } as typeof header)
        .sign(pair.privateKey);
      expect(await isActive(token), JSON.stringify(extra)).toBe(false);
    }
  });

  it.each([
    { typ: 'JWT' },
    { typ: undefined },
    { typ: 'dpop+jwt' },
    { crit: ['unknown'], unknown: true },
    { kid: undefined },
  ])('144 the header %j is refused', async (changes) => {
    const token =
      'crit' in changes ? await forgeRaw({ ...header, ...changes }) : await forge({ header: changes });
    expect(await isActive(token)).toBe(false);
  });

  it.each([
    { iss: undefined },
    { iss: 'https://evil.example' },
    { iss: `${target.baseUrl}/` },
    { iss: target.baseUrl.slice(0, -1) },
    { iss: [target.baseUrl] },
    { aud: undefined },
    { exp: undefined },
    { exp: String(claims.exp) },
    { exp: 1 },
    { nbf: Number(claims.exp) },
    { sub: undefined },
    { client_id: undefined },
    { client_id: 'cli_other' },
    { jti: undefined },
    { iat: undefined },
    { scope: undefined },
    { grant_id: undefined },
    { family_id: undefined },
    { family_id: 'fam_unknown' },
  ])('145 the claims %j are refused', async (changes) => {
    expect(await isActive(await forge({ claims: changes }))).toBe(false);
  });

  it('145 a changed or cut signature is refused', async () => {
    const [head = '', payload = '', signature = ''] = accessToken.split('.');
    const widened = encode({ ...claims, scope: 'openai:images' });
    for (const token of [
      `${head}.${widened}.${signature}`,
      `${head}.${payload}.`,
      `${head}.${payload}.${signature.slice(0, -4)}`,
      `${head}.${payload}`,
      `${accessToken}.x`,
      `${accessToken}x`,
    ]) {
      expect(await isActive(token), token.slice(-12)).toBe(false);
    }
  });

  it('145 a token does not outlive its grant', async () => {
    const { accessTokens, clock } = target.broker.deps;
    const end = clock() + 90_000;
    const minted = await accessTokens.mint(
      { sub: 's', aud: 'a', client_id: 'c', scope: '', grant_id: 'g', family_id: 'f' },
      end,
    );
    expect(Number(decodeJwt(minted.token).exp)).toBeLessThanOrEqual(end / 1000);
    expect(minted.expiresIn).toBeLessThanOrEqual(90);
  });
});

/** jose does not sign what it would not verify. */
async function forgeRaw(head: object): Promise<string> {
  const { subtle } = globalThis.crypto;
  const { privateKey } = await target.broker.deps.signingKeys.active();
  const input = `${encode(head)}.${encode(claims)}`;
  const key = privateKey as unknown as Parameters<typeof subtle.sign>[1];
  const signature = await subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    key,
    new TextEncoder().encode(input),
  );
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}
