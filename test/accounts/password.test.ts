import { expect, test } from 'vitest';
import { hashPassword, passwordComplaint, verifyPassword } from '../../src/accounts/password.ts';

test('a password is verified against its own hash only', async () => {
  const [hash, other] = await Promise.all([
    hashPassword('one fine password'),
    hashPassword('another password'),
  ]);
  expect(await verifyPassword('one fine password', hash)).toBe(true);
  expect(await verifyPassword('one fine password ', hash)).toBe(false);
  expect(await verifyPassword('one fine password', other)).toBe(false);
  expect(await verifyPassword('', hash)).toBe(false);
});

test('the same password hashes differently each time, and never shows', async () => {
  const [first, second] = await Promise.all([
    hashPassword('one fine password'),
    hashPassword('one fine password'),
  ]);
  expect(first).not.toBe(second);
  expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]+\$[\w+/]+$/);
  expect(first).not.toContain('fine');
});

test('no password fits an account that is not there, nor a damaged hash', async () => {
  expect(await verifyPassword('anything at all', null)).toBe(false);
  expect(await verifyPassword('anything at all', '$argon2id$v=19$damaged')).toBe(false);
});

test.each([
  ['short', 'Use at least 10 characters.'],
  ['x'.repeat(257), 'Use at most 256 characters.'],
  ['aaabbbaaabbb', 'Use more different characters.'],
  ['correct horse battery', null],
  ['пароль из слов', null],
])('%j: %s', (password, complaint) => {
  expect(passwordComplaint(password)).toBe(complaint);
});
