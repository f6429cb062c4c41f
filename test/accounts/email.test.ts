import { expect, test } from 'vitest';
import { emailComplaint, normalizeEmail } from '../../src/accounts/email.ts';

test('an address is stored in one spelling', () => {
  expect(normalizeEmail('  Someone@Example.COM ')).toBe('someone@example.com');
});

test.each([
  ['someone@example.com', null],
  ['some.one+tag@mail.example.com', null],
  ['', 'Enter your email address.'],
  ['someone', 'Enter an email address like name@example.com.'],
  ['someone@', 'Enter an email address like name@example.com.'],
  ['some one@example.com', 'Enter an email address like name@example.com.'],
  ['<script>@example.com', 'Enter an email address like name@example.com.'],
])('%j: %s', (email, complaint) => {
  expect(emailComplaint(email)).toBe(complaint);
});
