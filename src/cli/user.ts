import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { emailComplaint, normalizeEmail } from '../accounts/email.ts';
import { hashPassword, passwordComplaint } from '../accounts/password.ts';
import { newId } from '../lib/ids.ts';
import { CommandError, firstInputLine, type Session, withDeps } from './session.ts';

/** Adds `user create`. */
export function addUserCommands(program: Command, session: Session): void {
  program
    .command('user')
    .description('accounts')
    .command('create')
    .description('make an account; the password is the first line of standard input, or generated')
    .requiredOption('--email <address>', 'what the user signs in with')
    .option('--operator', 'may open sign-up, invite, and see all users')
    .action((options: { email: string; operator?: true }) => createUser(options, session));
}

async function createUser(options: { email: string; operator?: true }, session: Session): Promise<void> {
  const email = normalizeEmail(options.email);
  if (emailComplaint(email) !== null) {
    throw new CommandError(`${options.email} is no email address. Example: --email you@example.com`);
  }
  const given = await firstInputLine(session);
  const complaint = given === '' ? null : passwordComplaint(given);
  if (complaint) throw new CommandError(`The password will not do. ${complaint}`);
  const password = given || randomBytes(15).toString('base64url');
  const passwordHash = await hashPassword(password);
  const user = { id: newId('usr'), email, passwordHash, operator: options.operator ?? false };
  const result = await withDeps(session, ({ store }) =>
    store.accounts.createUser(user, { actor: { kind: 'command_line' } }),
  );
  if (result.kind !== 'created') throw new CommandError(`There is an account for ${email} already.`);
  session.show({ user_id: user.id, email, ...(given ? {} : { password }) }, [
    `Made ${user.id} for ${email}.`,
    ...(given ? [] : [`Password: ${password}`]),
  ]);
}
