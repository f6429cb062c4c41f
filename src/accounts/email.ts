import { z } from 'zod';

/** An address as it is stored and looked up: trimmed and in lower case. */
export function normalizeEmail(typed: string): string {
  return typed.trim().toLowerCase();
}

/** Why an address will not do, as a sentence for the person who typed it; null when it will. */
export function emailComplaint(email: string): string | null {
  if (email === '') return 'Enter your email address.';
  if (email.length > 254 || !z.email().safeParse(email).success) {
    return 'Enter an email address like name@example.com.';
  }
  return null;
}
