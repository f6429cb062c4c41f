import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { newToken } from '../../src/lib/ids.ts';
import { successorOf } from '../../src/tokens/refresh_token.ts';

describe('successor of a refresh token', () => {
  const token = newToken('ccrt');
  const salt = randomBytes(32);
  const successor = successorOf(token, 'fam_a', 2, salt);

  it('is the same each time for the same token, family, number and salt', () => {
    expect(successorOf(token, 'fam_a', 2, salt)).toBe(successor);
    expect(successor).toMatch(/^ccrt_[\w-]{43}$/);
  });

  it('does not follow without any one of them', () => {
    const others = [
      successorOf(newToken('ccrt'), 'fam_a', 2, salt),
      successorOf(token, 'fam_b', 2, salt),
      successorOf(token, 'fam_a', 3, salt),
      successorOf(token, 'fam_a', 2, randomBytes(32)),
      token,
    ];
    for (const other of others) expect(other).not.toBe(successor);
  });
});
