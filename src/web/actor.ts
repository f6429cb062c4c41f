import type { Actor, User } from '../store/records.ts';

/** The user as the one who does something, for the audit trail. */
export function asUser({ id }: Pick<User, 'id'>): Actor {
  return { kind: 'user', id };
}
