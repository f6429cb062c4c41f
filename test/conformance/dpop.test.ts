import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fields } from '../support/authorization.ts';
import { createDpopKey, type DpopKey, type ProofOptions } from '../support/dpop.ts';
import { ask, formAuth, introspect, obtainCode, post, type TokenAnswer } from './flow.ts';
import { type RegisteredApp, startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const publicApp = await target.registerApp({ type: 'spa' });
const tokenUrl = `${target.baseUrl}/oauth/token`;

let key: DpopKey;
let nonce: string;
beforeAll(async () => {
  key = await createDpopKey();
  nonce = await freshNonce();
});

/** The nonce that the server gives to a proof without one. */
async function freshNonce(): Promise<string> {
  const { headers } = await ask(target, '/oauth/token', formAuth(app), {
    dpop: await key.prove({ url: tokenUrl }),
  });
  return headers.get('dpop-nonce') ?? '';
}

const prove = (options: Partial<ProofOptions> = {}, by = key) =>
  by.prove({ url: tokenUrl, nonce, ...options });

/** Redeems a fresh code. @param proof null for none */
async function redeem(proof: string | null, client = app, changes: Fields = {}): Promise<TokenAnswer> {
  const { code, verifier } = await obtainCode(target, client, changes);
  return redeemCode(code, verifier, proof, client);
}

function redeemCode(code: string, verifier: string, proof: string | null, client = app) {
  const fields = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
    code_verifier: verifier,
    ...formAuth(client),
  };
  return ask(target, '/oauth/token', fields, proof === null ? {} : { dpop: proof });
}

const refreshWith = (refreshToken: string, proof: string | null, client: RegisteredApp) =>
  ask(
    target,
    '/oauth/token',
    { grant_type: 'refresh_token', refresh_token: refreshToken, ...formAuth(client) },
    proof === null ? {} : { dpop: proof },
  );

function cnfOf(accessToken: string): unknown {
  return JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()).cnf;
}

describe('DPoP at the token endpoint', () => {
  it.each(['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'])(
    '92 116 binds tokens to the key of a %s proof',
    async (algorithm) => {
      const other = await createDpopKey(algorithm);
      const tokens = await redeem(await prove({}, other));
      expect(tokens).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
      expect(cnfOf(tokens.accessToken)).toEqual({ jkt: other.thumbprint });
      expect(await introspect(target, app, tokens.accessToken)).toMatchObject({
        active: true,
        token_type: 'DPoP',
        cnf: { jkt: other.thumbprint },
      });
      const plain = await redeem(null);
      expect(plain).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
      expect(cnfOf(plain.accessToken)).toBeUndefined();
    },
  );

  it.each<[string, Partial<ProofOptions>]>([
    ['another typ', { header: { typ: 'JWT' } }],
    ['no key', { header: { jwk: undefined } }],
    ['a critical extension', { header: { crit: ['x'], x: 1 } }],
    ['no jti', { claims: { jti: undefined } as never }],
    ['an empty jti', { claims: { jti: '' } }],
    ['another method', { method: 'GET' }],
    ['another address', { url: `${target.baseUrl}/oauth/par` }],
    ['the address of another host', { url: 'https://evil.example/oauth/token' }],
    ['no address', { claims: { htu: undefined } }],
    ['no time', { claims: { iat: undefined } as never }],
    ['a time long ago', { claims: { iat: Math.floor(Date.now() / 1000) - 3_600 } }],
    ['a time to come', { claims: { iat: Math.floor(Date.now() / 1000) + 3_600 } }],
  ])('117 refuses a proof with %s, and the code stays good', async (_, options) => {
    const { code, verifier } = await obtainCode(target, app);
    const refused = await redeemCode(code, verifier, await prove(options).catch(() => 'no.proof.at-all'));
    expect(refused).toMatchObject({ status: 400, error: 'invalid_dpop_proof' });
    expect((await redeemCode(code, verifier, await prove())).status).toBe(200);
  });

  it('117 refuses what is no proof, is not signed by its own key, or shows a private or shared one', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const claims = { jti: 'x', htm: 'POST', htu: tokenUrl, iat: Math.floor(Date.now() / 1000), nonce };
    const signed = (jwk: unknown, by: CryptoKey | Uint8Array = privateKey, alg = 'ES256') =>
      new SignJWT(claims).setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: jwk as never }).sign(by);
    const good = await prove();
    const [head, body, signature] = good.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'dpop+jwt' })).toString('base64url');
    const secret = new Uint8Array(32).fill(7);
    const oct = { kty: 'oct', k: Buffer.from(secret).toString('base64url') };
    const bad = [
      'nonsense',
      `${head}.${body}.`,
      `${head}.${body}.${signature?.slice(0, -4)}AAAA`,
      `${none}.${body}.`,
      await signed(await exportJWK(privateKey)),
      await signed(await exportJWK((await generateKeyPair('ES256')).publicKey)),
      await signed(oct, secret, 'HS256'),
      `${good} `.repeat(2),
      'x'.repeat(10_000),
    ];
    expect(await exportJWK(publicKey)).not.toHaveProperty('d');
    for (const proof of bad) {
      expect(await redeem(proof), proof.slice(0, 40)).toMatchObject({
        status: 400,
        error: 'invalid_dpop_proof',
      });
    }
  });

  it('117 refuses two proofs', async () => {
    const headers = new Headers({ 'content-type': 'application/x-www-form-urlencoded' });
    headers.append('dpop', await prove());
    headers.append('dpop', await prove());
    const body = new URLSearchParams(formAuth(app) as Record<string, string>);
    const response = await fetch(tokenUrl, { method: 'POST', headers, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_dpop_proof' });
  });

  it('118 takes the address in another spelling, with a query and a fragment', async () => {
    const spelled = tokenUrl.replace('http://', 'HTTP://');
    expect((await redeem(await prove({ url: `${spelled}?a=b#c` }))).status).toBe(200);
    expect((await redeem(await prove({ url: tokenUrl.replace('/token', '/%74oken') }))).error).toBe(
      'invalid_dpop_proof',
    );
  });

  it('118 takes the public address behind a front proxy, and no other', async () => {
    const behind = await startTarget({
      env: {
        COATCHECK_ISSUER: 'https://broker.example',
        COATCHECK_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      },
    });
    const client = await behind.registerApp();
    const errorOf = async (url: string, dpopNonce?: string) => {
      const dpop = await key.prove({ url, nonce: dpopNonce });
      const fields = { grant_type: 'refresh_token', refresh_token: 'x', ...formAuth(client) };
      return ask(behind, '/oauth/token', fields, { dpop });
    };
    const told = await errorOf('https://broker.example/oauth/token');
    const given = told.headers.get('dpop-nonce') ?? '';
    for (const url of ['https://broker.example/oauth/token', 'HTTPS://Broker.Example:443/oauth/token']) {
      expect((await errorOf(url, given)).error).toBe('invalid_grant');
    }
    for (const url of [`${behind.baseUrl}/oauth/token`, 'https://broker.example:8443/oauth/token']) {
      expect((await errorOf(url, given)).error).toBe('invalid_dpop_proof');
    }
    await behind.close();
  });

  it('119 takes a proof once, also of many at the same time', async () => {
    const proof = await prove();
    expect((await redeem(proof)).status).toBe(200);
    expect(await redeem(proof)).toMatchObject({ status: 400, error: 'invalid_dpop_proof' });
    const shared = await prove();
    const codes = await Promise.all(Array.from({ length: 10 }, () => obtainCode(target, app)));
    const answers = await Promise.all(codes.map(({ code, verifier }) => redeemCode(code, verifier, shared)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    // The codes of the others are as good as before.
    const lost = answers.findIndex(({ status }) => status !== 200);
    const { code = '', verifier = '' } = codes[lost] ?? {};
    expect((await redeemCode(code, verifier, await prove())).status).toBe(200);
  });

  it('120 asks for a nonce, takes it, and gives out another in time', async () => {
    const { code, verifier } = await obtainCode(target, app);
    for (const stale of [undefined, 'made up', '']) {
      const refused = await redeemCode(code, verifier, await prove({ nonce: stale }));
      expect(refused).toMatchObject({ status: 400, error: 'use_dpop_nonce' });
      nonce = refused.headers.get('dpop-nonce') ?? '';
      expect(nonce).toMatch(/^[\w-]{32}$/);
    }
    const good = await redeemCode(code, verifier, await prove());
    expect(good.status).toBe(200);
    expect(good.headers.get('dpop-nonce')).toMatch(/^[\w-]{32}$/);
    target.advance(250);
    const now = () => ({ claims: { iat: Math.floor(Date.now() / 1000) + 250 } });
    const late = await redeem(await prove(now()));
    expect(late).toMatchObject({ status: 400, error: 'use_dpop_nonce' });
    const next = late.headers.get('dpop-nonce') ?? '';
    expect(next).not.toBe(nonce);
    expect((await redeem(await prove({ ...now(), nonce: next }))).status).toBe(200);
    target.advance(-250);
  });

  it('82 a public client’s refresh token needs the key that it was given to', async () => {
    const tokens = await redeem(await prove(), publicApp);
    const thief = await createDpopKey();
    for (const proof of [null, await prove({}, thief)]) {
      const refused = await refreshWith(tokens.refreshToken, proof, publicApp);
      expect(refused).toMatchObject({ status: 400, error: 'invalid_dpop_proof' });
    }
    const next = await refreshWith(tokens.refreshToken, await prove(), publicApp);
    expect(next).toMatchObject({ status: 200, body: { token_type: 'DPoP' } });
    expect(cnfOf(next.accessToken)).toEqual({ jkt: key.thumbprint });
    expect((await refreshWith(next.refreshToken, null, publicApp)).status).toBe(400);
    expect((await refreshWith(next.refreshToken, await prove(), publicApp)).status).toBe(200);
  });

  it('82 a client with a secret may take another key', async () => {
    const tokens = await redeem(await prove());
    const other = await createDpopKey();
    const next = await refreshWith(tokens.refreshToken, await prove({}, other), app);
    expect(cnfOf(next.accessToken)).toEqual({ jkt: other.thumbprint });
  });

  it('123 a code that is bound to a key is no use without it', async () => {
    const bound = { dpop_jkt: key.thumbprint };
    const { code, verifier } = await obtainCode(target, app, bound);
    const thief = await createDpopKey();
    for (const proof of [null, await prove({}, thief)]) {
      expect((await redeemCode(code, verifier, proof)).error).toBe('invalid_grant');
    }
    expect((await redeemCode(code, verifier, await prove())).status).toBe(200);
    const malformed = await post(target, '/oauth/par', { ...formAuth(app), dpop_jkt: 'x' });
    expect(malformed.status).toBe(400);
  });

  it('124 an app can be held to tokens that are bound', async () => {
    const strict = await target.registerApp({ requiresDpop: true });
    const { code, verifier } = await obtainCode(target, strict);
    expect(await redeemCode(code, verifier, null, strict)).toMatchObject({
      status: 400,
      error: 'invalid_dpop_proof',
    });
    const tokens = await redeemCode(code, verifier, await prove(), strict);
    expect(tokens.status).toBe(200);
    expect((await refreshWith(tokens.refreshToken, null, strict)).error).toBe('invalid_dpop_proof');
  });
});

describe('DPoP at the proxy', () => {
  const path = '/openai/v1/models';
  const url = target.baseUrl + path;
  let token: string;
  beforeAll(async () => {
    token = (await redeem(await prove(), app, { scope: 'openai:models.read' })).accessToken;
  });

  const proveCall = (options: Partial<ProofOptions> = {}, by = key) =>
    by.prove({ method: 'GET', url, nonce, accessToken: token, ...options });

  async function call(proof: string | null, authorization = `DPoP ${token}`, query = '') {
    const headers = { authorization, ...(proof === null ? {} : { dpop: proof }) };
    const response = await fetch(url + query, { headers });
    await response.arrayBuffer();
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate') ?? '',
      nonce: response.headers.get('dpop-nonce'),
    };
  }

  it('116 a bound token and its proof are as good as a bearer token', async () => {
    expect((await call(await proveCall())).status).toBe(200);
    expect((await call(await proveCall(), `dpop ${token}`, '?after=x')).status).not.toBe(401);
  });

  it.each<[string, Partial<ProofOptions>]>([
    ['another typ', { header: { typ: 'JWT' } }],
    ['no jti', { claims: { jti: undefined } as never }],
    ['another method', { method: 'POST' }],
    ['another path', { url: `${target.baseUrl}/openai/v1/chat/completions` }],
    ['another host', { url: `https://evil.example${path}` }],
    ['a time long ago', { claims: { iat: Math.floor(Date.now() / 1000) - 3_600 } }],
  ])('117 a proof with %s is refused with a challenge', async (_, options) => {
    const refused = await call(await proveCall(options));
    expect(refused.status).toBe(401);
    expect(refused.challenge).toMatch(
      /^DPoP error="invalid_dpop_proof", algs="ES256 Ed25519 EdDSA PS256 RS256"/,
    );
  });

  it('119 a proof serves one call, also of many at the same time', async () => {
    const proof = await proveCall();
    const calls = await Promise.all(Array.from({ length: 30 }, () => call(proof)));
    expect(calls.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([200, 401]));
    const late = await call(proof);
    expect(late.status).toBe(401);
    expect(late.challenge).toContain('error="invalid_dpop_proof"');
  });

  it('120 a proof without a fresh nonce is told which to use', async () => {
    for (const stale of [undefined, 'made up']) {
      const refused = await call(await proveCall({ nonce: stale }));
      expect(refused.status).toBe(401);
      expect(refused.challenge).toMatch(/^DPoP error="use_dpop_nonce"/);
      nonce = refused.nonce ?? '';
    }
    expect((await call(await proveCall())).status).toBe(200);
  });

  it('121 a proof is for the token that it goes with', async () => {
    const other = (await redeem(await prove(), app, { scope: 'openai:models.read' })).accessToken;
    for (const accessToken of [other, `${token}x`]) {
      expect((await call(await proveCall({ accessToken }))).challenge).toContain('invalid_dpop_proof');
    }
    expect((await call(await proveCall({ claims: { ath: undefined } }))).status).toBe(401);
  });

  it('122 a bound token is of no use as a bearer token, without proof, or with the proof of another key', async () => {
    expect(await call(null, `Bearer ${token}`)).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('Bearer error="invalid_token"'),
    });
    expect((await call(await proveCall(), `Bearer ${token}`)).status).toBe(401);
    expect((await call(null)).status).toBe(401);
    const thief = await createDpopKey();
    expect((await call(await proveCall({}, thief))).challenge).toContain('invalid_dpop_proof');
  });

  it('122 a bearer token is not taken as a bound one', async () => {
    const plain = (await redeem(null, app, { scope: 'openai:models.read' })).accessToken;
    expect((await call(await proveCall({ accessToken: plain }), `DPoP ${plain}`)).status).toBe(401);
    expect((await call(null, `Bearer ${plain}`)).status).toBe(200);
  });
});
