import type { User } from '../store/records.ts';
import { asUser } from './actor.ts';
import { typedModeration } from './moderation_section.tsx';
import type { PageContext } from './page.ts';
import { notFound } from './problem.tsx';
import { ownClient } from './registered_app.tsx';

/** Sets what is done about harmful content in the calls of the developer's app. */
export async function submitModeration(c: PageContext, user: User) {
  const client = await ownClient(c, user);
  const moderation = typedModeration(c.var.form);
  if (!client || !moderation) return notFound(c);
  await c.var.deps.store.clients.updateClient(client.id, { moderation }, asUser(user));
  return c.redirect(`/developer/${client.id}?done=moderation`, 303);
}

/** Sets what is done about it at least, as the operator demands. */
export async function submitRequiredModeration(c: PageContext, user: User) {
  const { deps, form } = c.var;
  const requiredModeration = typedModeration(form);
  const id = form.get('client') ?? '';
  if (!requiredModeration) return notFound(c);
  const isChanged = await deps.store.clients.updateClient(id, { requiredModeration }, asUser(user));
  return isChanged ? c.redirect('/operator/apps?done=moderated', 303) : notFound(c);
}
