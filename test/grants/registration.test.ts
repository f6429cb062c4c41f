import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  redirectUriComplaint,
  redirectUrisComplaint,
  registeredScope,
  registrationComplaint,
} from '../../src/grants/registration.ts';
import type { ClientType } from '../../src/store/records.ts';

const types: readonly ClientType[] = ['web', 'spa', 'native'];

describe.each(types)('a %s app', (type) => {
  test.each([
    'https://app.example',
    'https://app.example/',
    'https://app.example/callback?tab=1',
    'https://app.example:8443/callback',
    'https://xn--80ak6aa92e.example/callback',
    'http://127.0.0.1/callback',
    'http://127.0.0.1:5000/callback',
    'http://[::1]/callback',
  ])('may register %s', (uri) => {
    expect(redirectUriComplaint(uri, type)).toBeNull();
  });

  test.each([
    ['7 a fragment', 'https://app.example/#top'],
    ['7 an empty fragment', 'https://app.example/#'],
    ['9 javascript:', 'javascript:alert(1)'],
    ['9 javascript: in mixed case', 'JaVaScRiPt:alert(1)'],
    ['9 javascript: behind a space', ' javascript:alert(1)'],
    ['9 javascript: with a tab inside', 'java\tscript:alert(1)'],
    ['9 javascript: behind a control character', '\u0001javascript:alert(1)'],
    ['9 data:', 'data:text/html,<script>alert(1)</script>'],
    ['9 vbscript:', 'vbscript:msgbox(1)'],
    ['9 blob:', 'blob:https://app.example/1'],
    ['9 file:', 'file:///etc/passwd'],
    ['9 about:', 'about:blank'],
    ['plain http elsewhere', 'http://app.example/callback'],
    ['a host that begins like loopback', 'http://127.0.0.1.evil.example/'],
    ['a host that ends like loopback', 'http://evil.127.0.0.1/'],
    ['loopback in short', 'http://127.1/callback'],
    ['loopback in decimal', 'http://2130706433/callback'],
    ['loopback as user name', 'http://127.0.0.1:1@evil.example/'],
    ['a user name', 'https://user@app.example/'],
    ['a user name and password', 'https://user:pass@app.example/'],
    ['a wildcard host', 'https://*.app.example/'],
    ['a wildcard path', 'https://app.example/*'],
    ['a backslash', 'https://app.example\\@evil.example/'],
    ['a line break', 'https://app.example/\r\nx'],
    ['a non-ASCII host', 'https://аpp.example/'],
    ['no host', 'https:///callback'],
    ['no slashes', 'https:app.example'],
    ['a scheme in capitals', 'HTTPS://app.example/'],
    ['dot segments', 'https://app.example/a/../b'],
    ['a default port', 'https://app.example:443/callback'],
    ['a parameter of ours', 'https://app.example/?code=1'],
    ['no scheme', '/callback'],
    ['nothing', ''],
    ['far too much', `https://app.example/${'x'.repeat(2000)}`],
  ])('7 9 133 may not register %s', (_what, uri) => {
    expect(redirectUriComplaint(uri, type)).not.toBeNull();
  });
});

test('6 localhost is for native apps only', () => {
  expect(redirectUriComplaint('http://localhost:3000/callback', 'native')).toBeNull();
  expect(redirectUriComplaint('http://localhost:3000/callback', 'web')).toContain('127.0.0.1');
  expect(redirectUriComplaint('http://localhost:3000/callback', 'spa')).toContain('127.0.0.1');
});

test('a scheme of its own is for native apps only, and has a dot', () => {
  expect(redirectUriComplaint('com.example.app:/callback', 'native')).toBeNull();
  expect(redirectUriComplaint('com.example.app:/callback', 'spa')).not.toBeNull();
  expect(redirectUriComplaint('myapp:/callback', 'native')).not.toBeNull();
});

test('whatever is let in is read by a browser as what stands there', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), fc.constantFrom(...types), (uri, type) => {
      if (redirectUriComplaint(uri, type) !== null) return;
      const { href, protocol, username } = new URL(uri);
      expect([uri, `${uri}/`]).toContain(href);
      expect(protocol).toBe('https:');
      expect(username).toBe('');
    }),
  );
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...types), (text, type) => {
      if (redirectUriComplaint(text, type) === null) expect(URL.canParse(text)).toBe(true);
    }),
  );
});

test('a registration is judged as a whole', () => {
  const good = {
    name: 'Notes',
    type: 'web',
    redirectUris: ['https://app.example/'],
    scope: 'openai:text',
    jwks: null,
  } as const;
  expect(registrationComplaint(good)).toBeNull();
  expect(registrationComplaint({ ...good, scope: '' })).toBeNull();
  expect(registrationComplaint({ ...good, jwks: 'x' })).toMatch(/JWK Set/);
  expect(registrationComplaint({ ...good, type: 'spa', jwks: '{"keys":[]}' })).toMatch(
    /Only an app with a server/,
  );
  expect(registrationComplaint({ ...good, name: ' ' })).toBe('Give the app a name.');
  expect(registrationComplaint({ ...good, scope: 'openai:admin' })).toBe('There is no scope openai:admin.');
  expect(redirectUrisComplaint([], 'web')).toBe('Give at least one redirect URI.');
  expect(redirectUrisComplaint(Array(21).fill('https://app.example/'), 'web')).toBe(
    'Give at most 20 redirect URIs.',
  );
});

test('an app that names no scope gets those it always got, whatever other providers lend', () => {
  expect(registeredScope('').split(' ')).toEqual([
    'openai:models.read',
    'openai:text',
    'openai:embeddings',
    'openai:moderation',
    'openai:images',
    'openai:audio.speech',
    'openai:audio.transcribe',
  ]);
  expect(registeredScope('anthropic:text openai:text')).toBe('openai:text anthropic:text');
});
