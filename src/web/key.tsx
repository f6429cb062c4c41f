import { countAttempts } from '../accounts/attempts.ts';
import { findProvider } from '../catalog/catalog.ts';
import type { Credential, User } from '../store/records.ts';
import { replaceKey } from '../vault/deposit.ts';
import { lookAgain } from '../vault/look_again.ts';
import { asUser } from './actor.ts';
import { KeyState, KeyTrouble, providerTitle } from './components/credential.tsx';
import { type Complaints, ErrorSummary, isInvalid } from './components/form.tsx';
import { Done } from './components/notice.tsx';
import { type KeyDetails, keyComplaints, readKeyDetails } from './key_form.ts';
import { KeepingForm, noKeeping, readKeeping } from './key_keeping.tsx';
import { CheckAgain, Deletion, Details, Facts, Replacement, Unverified } from './key_sections.tsx';
import { keyUse } from './keys.tsx';
import { Layout } from './layout.tsx';
import type { PageContext } from './page.ts';
import { notFound, tooMany } from './problem.tsx';

/** One deposited key: what is known of it, and what can be changed. */
export async function showKey(c: PageContext, user: User) {
  const credential = await ownCredential(c, user);
  return credential ? keyPage(c, credential, {}) : notFound(c);
}

export async function submitKeyDetails(c: PageContext, user: User) {
  const credential = await ownCredential(c, user);
  if (!credential) return notFound(c);
  const { deps, form } = c.var;
  const details = readKeyDetails(form);
  const complaints = {
    ...keyComplaints(details),
    ...(details.name === '' ? { name: 'Give the key a name.' } : {}),
  };
  if (isInvalid(complaints)) return keyPage(c, credential, complaints, details);
  const change = {
    name: details.name,
    organization: details.organization || null,
    project: details.project || null,
  };
  await deps.store.credentials.updateCredential(credential.id, change, asUser(user));
  return c.redirect(`/keys/${credential.id}?done=changed`, 303);
}

export async function submitKeeping(c: PageContext, user: User) {
  const credential = await ownCredential(c, user);
  if (!credential) return notFound(c);
  const { deps, form, visitor } = c.var;
  const life = readKeeping(form.get('keep') ?? '', visitor.session, deps.clock());
  if (!life) return keyPage(c, credential, { keep: noKeeping });
  await deps.store.credentials.updateCredential(credential.id, life, asUser(user));
  return c.redirect(`/keys/${credential.id}?done=changed`, 303);
}

export async function checkKeyAgain(c: PageContext, user: User) {
  const credential = await ownCredential(c, user);
  if (!credential) return notFound(c);
  const { deps } = c.var;
  const limit = { key: `check:${credential.id}`, limit: 10, windowSeconds: 600 };
  const retryAfter = await countAttempts(deps.store.accounts, [limit]);
  if (retryAfter !== null) return tooMany(c, retryAfter);
  const check = await lookAgain(deps, credential);
  if (!check) return notFound(c);
  if (check.kind === 'refused') return keyPage(c, credential, { key: check.advice });
  return c.redirect(`/keys/${credential.id}?done=${check.kind === 'unknown' ? 'not_asked' : 'asked'}`, 303);
}

export async function submitReplacement(c: PageContext, user: User) {
  const credential = await ownCredential(c, user);
  if (!credential) return notFound(c);
  const { deps, form } = c.var;
  const result = await replaceKey(deps, credential, form.get('key') ?? '', asUser(user));
  if (result.kind === 'refused') return keyPage(c, credential, { key: result.advice });
  return c.redirect(`/keys/${credential.id}?done=replaced`, 303);
}

export async function deleteKey(c: PageContext, user: User) {
  const credential = await ownCredential(c, user);
  if (!credential) return notFound(c);
  const { store, vault } = c.var.deps;
  const ended = await store.credentials.deleteCredential(credential.id, asUser(user));
  for (const grantId of ended ?? []) vault.forget(grantId);
  return c.redirect('/keys?done=deleted', 303);
}

async function ownCredential(c: PageContext, user: User): Promise<Credential | null> {
  const credential = await c.var.deps.store.credentials.findCredential(c.req.param('id') ?? '');
  return credential?.userId === user.id ? credential : null;
}

const messages = {
  saved: 'The key is saved. Apps can ask to use it now.',
  changed: 'The changes are saved.',
  asked: 'The provider has been asked again. What it said is below.',
  not_asked: 'The provider could not be asked just now. Nothing has changed.',
  replaced: 'The new key is in place. Every app goes on with it.',
};

async function keyPage(
  c: PageContext,
  credential: Credential,
  complaints: Complaints,
  details: KeyDetails = detailsOf(credential),
) {
  const { deps, visitor } = c.var;
  const use = await keyUse(deps.store, credential);
  const provider = providerTitle(credential.provider);
  const path = `/keys/${credential.id}`;
  const invalid = isInvalid(complaints);
  return c.html(
    <Layout title={credential.name} visitor={visitor} place="keys" invalid={invalid}>
      <a class="back" href="/keys">
        Keys
      </a>
      <Done what={invalid ? undefined : c.req.query('done')} messages={messages} />
      <ErrorSummary complaints={complaints} />
      <header class="page">
        <h1>{credential.name}</h1>
        <span class="badges">
          <KeyState credential={credential} />
        </span>
      </header>
      <KeyTrouble credential={credential} />
      {credential.status === 'unverified' && <Unverified provider={provider} />}
      <Facts credential={credential} provider={provider} use={use} />
      <CheckAgain path={path} visitor={visitor} credential={credential} />
      <Details
        path={path}
        visitor={visitor}
        details={details}
        billed={findProvider(credential.provider)?.billsByProject ?? false}
        complaints={complaints}
      />
      <KeepingForm path={path} visitor={visitor} credential={credential} complaint={complaints.keep} />
      <Replacement path={path} visitor={visitor} provider={provider} complaint={complaints.key} />
      <Deletion path={path} visitor={visitor} use={use} />
    </Layout>,
    invalid ? 422 : 200,
  );
}

function detailsOf({ name, organization, project }: Credential): KeyDetails {
  return { name, organization: organization ?? '', project: project ?? '' };
}
