import { providersOfScopes } from '../catalog/catalog.ts';
import { splitScope } from '../catalog/scope.ts';
import { lendKey, withdrawKey } from '../grants/lend_key.ts';
import type { User } from '../store/records.ts';
import { asUser } from './actor.ts';
import type { PageContext } from './page.ts';
import { fieldOf, nobody } from './payment_section.tsx';
import { notFound } from './problem.tsx';
import { ownClient } from './registered_app.tsx';

/** Sets which of the developer's keys their app pays with. */
export async function submitPayment(c: PageContext, user: User) {
  const client = await ownClient(c, user);
  if (!client) return notFound(c);
  const { deps, form } = c.var;
  const actor = asUser(user);
  const own = await deps.store.credentials.listCredentials(user.id);
  const lent = await deps.store.credentials.listHeldBy(client.id);
  for (const provider of providersOfScopes(splitScope(client.scope))) {
    const held = lent.find((credential) => credential.provider === provider.name)?.id ?? nobody;
    const chosen = form.get(fieldOf(provider)) ?? held;
    if (chosen === held) continue;
    if (chosen === nobody) await withdrawKey(deps, client.id, provider.name, actor);
    const key = own.find(({ id, provider: name }) => id === chosen && name === provider.name);
    if (key) await lendKey(deps, client.id, key.id, actor);
  }
  const paysWhenUsedUp = form.get('when_used_up') === 'on';
  if (paysWhenUsedUp !== client.paysWhenUsedUp) {
    await deps.store.clients.updateClient(client.id, { paysWhenUsedUp }, actor);
  }
  return c.redirect(`/developer/${client.id}?done=payment`, 303);
}
