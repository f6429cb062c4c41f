import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientRedirect } from '../../src/oauth/redirect.ts';
import { isRegisteredRedirectUri } from '../../src/oauth/redirect_uri.ts';

const types = fc.constantFrom('web', 'spa', 'native');
const registeredUris = fc.constantFrom(
  'https://app.example/callback',
  'https://app.example/callback?a=b',
  'http://127.0.0.1/cb',
  'http://127.0.0.1:9000/cb?x',
  'http://[::1]/cb',
  'http://localhost/cb',
  'com.example.app:/cb',
);
/** A change of one place of a text: something put in, taken out or swapped. */
const edits = fc.record({
  at: fc.nat(60),
  drop: fc.nat(3),
  insert: fc.oneof(
    fc.constantFrom(
      '/',
      '\\',
      '@',
      '#',
      '?',
      '%2e',
      '..',
      ':',
      ':1',
      '.',
      ' ',
      '\t',
      '\n',
      '\0',
      '%00',
      '。',
      '①',
      'A',
    ),
    fc.string({ maxLength: 4 }),
  ),
});
const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:\d{1,5})?(?=[/?]|$)/;

describe('redirect URI matching', () => {
  it('accepts a changed address only if it leads to the same place but for a loopback port', () => {
    fc.assert(
      fc.property(registeredUris, types, edits, (registered, type, { at, drop, insert }) => {
        const requested = registered.slice(0, at) + insert + registered.slice(at + drop);
        if (!isRegisteredRedirectUri({ redirectUris: [registered], type }, requested)) return;
        if (requested === registered) return;
        const known = new URL(registered);
        const asked = new URL(requested);
        expect(asked.protocol).toBe('http:');
        expect(asked.hostname).toBe(known.hostname);
        expect(requested.replace(loopback, '')).toBe(registered.replace(loopback, ''));
        if (known.hostname === 'localhost') expect(type).toBe('native');
      }),
      { numRuns: 20_000 },
    );
  });

  it('accepts every port on a loopback address', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), types, (port, type) => {
        const redirectUris = ['http://127.0.0.1/cb', 'http://[::1]:1/cb'];
        expect(isRegisteredRedirectUri({ redirectUris, type }, `http://127.0.0.1:${port}/cb`)).toBe(true);
        expect(isRegisteredRedirectUri({ redirectUris, type }, `http://[::1]:${port}/cb`)).toBe(true);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        types,
        (registered, requested, type) => {
          isRegisteredRedirectUri({ redirectUris: [registered], type }, requested);
        },
      ),
    );
  });
});

describe('redirect to a client', () => {
  it('gives back any state, keeps the address and names the issuer once', () => {
    fc.assert(
      fc.property(
        registeredUris,
        fc.string({ unit: 'grapheme' }),
        fc.base64String(),
        (redirectUri, state, code) => {
          const location = clientRedirect('https://issuer.example', { redirectUri, state }, { code });
          expect(location.startsWith(redirectUri)).toBe(true);
          expect(location).toMatch(/^[\x21-\x7e]+$/);
          const answer = new URL(location).searchParams;
          expect(answer.getAll('state')).toEqual([state]);
          expect(answer.getAll('code')).toEqual([code]);
          expect(answer.getAll('iss')).toEqual(['https://issuer.example']);
        },
      ),
    );
  });
});
