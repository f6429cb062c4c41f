import { eq } from 'drizzle-orm';
import type { Session } from './open.ts';
import { users } from './schema.ts';

/**
 * Makes whatever else changes what this user's credentials and grants are wait until the transaction is over. Rows that
 * merely refer to the user go on being written.
 */
export async function lockUser(tx: Session, id: string): Promise<void> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, id)).for('no key update');
}
