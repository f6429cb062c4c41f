import { normalizeEmail } from '../accounts/email.ts';
import type { Deps } from '../deps.ts';
import type { Client, Credential, Grant, User } from '../store/records.ts';
import { CommandError } from './session.ts';

/** The user by email address or id. @throws CommandError when there is none */
export async function requireUser({ store }: Deps, emailOrId: string): Promise<User> {
  const user = emailOrId.startsWith('usr_')
    ? await store.accounts.findUser(emailOrId)
    : await store.accounts.findUserByEmail(normalizeEmail(emailOrId));
  if (!user)
    throw new CommandError(`There is no user ${emailOrId}. Make one with \`user create --email …\`.`);
  return user;
}

/** The registered app. @throws CommandError when there is none, or it has been deleted */
export async function requireClient({ store }: Deps, id: string): Promise<Client> {
  const client = await store.clients.findClient(id);
  if (!client) throw new CommandError(`There is no app ${id}. \`app list\` shows them.`);
  return client;
}

/** The deposited key. @throws CommandError when there is none */
export async function requireKey({ store }: Deps, id: string): Promise<Credential> {
  const credential = await store.credentials.findCredential(id);
  if (!credential) throw new CommandError(`There is no key ${id}. \`key list\` shows them.`);
  return credential;
}

/** The grant, which may have ended. @throws CommandError when there is none */
export async function requireGrant({ store }: Deps, id: string): Promise<Grant> {
  const grant = await store.grants.findGrant(id);
  if (!grant) throw new CommandError(`There is no grant ${id}. \`grant list\` shows them.`);
  return grant;
}
