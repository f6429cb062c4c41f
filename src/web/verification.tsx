import { countAttempts } from '../accounts/attempts.ts';
import { proveDomains } from '../grants/domain_proof.ts';
import { newToken } from '../lib/ids.ts';
import type { User } from '../store/records.ts';
import { asUser } from './actor.ts';
import type { PageContext } from './page.ts';
import { notFound, tooMany } from './problem.tsx';
import { ownClient, registeredAppPage } from './registered_app.tsx';

/** Asks the operator to vouch for an app. */
export async function askForVerification(c: PageContext, user: User) {
  const client = await ownClient(c, user);
  if (!client) return notFound(c);
  if (!client.verified) {
    await c.var.deps.store.clients.askForVerification(client.id, newToken('ccvt'), asUser(user));
  }
  return c.redirect(`/developer/${client.id}?done=asked`, 303);
}

/** Looks for the verification token where the app redirects to. */
export async function checkProof(c: PageContext, user: User) {
  const { deps } = c.var;
  const client = await ownClient(c, user);
  if (!client) return notFound(c);
  const limit = { key: `domain_proof:${user.id}`, limit: 20, windowSeconds: 600 };
  const retryAfter = await countAttempts(deps.store.accounts, [limit]);
  if (retryAfter !== null) return tooMany(c, retryAfter);
  const proof = await proveDomains(deps, client, asUser(user));
  if (proof.kind === 'not_proven') return registeredAppPage(c, client, { proof: proof.complaint });
  return c.redirect(`/developer/${client.id}?done=proven`, 303);
}
