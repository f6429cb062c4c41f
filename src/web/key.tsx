import { countAttempts } from '../accounts/attempts.ts';
import { findProvider } from '../catalog/catalog.ts';
import type { Credential, User } from '../store/records.ts';
import { replaceKey } from '../vault/deposit.ts';
import { lookAgain } from '../vault/look_again.ts';
import { asUser } from './actor.ts';
import { BillingFields } from './components/billing_fields.tsx';
import { Confirm } from './components/confirm.tsx';
import { KeyAbilities, KeyState, KeyTrouble, LastFour, providerTitle } from './components/credential.tsx';
import { type Complaints, ErrorSummary, Field, Form, isInvalid } from './components/form.tsx';
import { Done, Notice } from './components/notice.tsx';
import { Day } from './components/time.tsx';
import { type KeyDetails, keyComplaints, longestKeyName, readKeyDetails } from './key_form.ts';
import { Keeping, KeepingForm, noKeeping, readKeeping } from './key_keeping.tsx';
import { appsUsing } from './keys.tsx';
import { Layout } from './layout.tsx';
import type { PageContext, Visitor } from './page.ts';
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
  const apps = await appsUsing(deps.store, credential.id);
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
      <Facts credential={credential} provider={provider} apps={apps} />
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
      <Deletion path={path} visitor={visitor} apps={apps} />
    </Layout>,
    invalid ? 422 : 200,
  );
}

function detailsOf({ name, organization, project }: Credential): KeyDetails {
  return { name, organization: organization ?? '', project: project ?? '' };
}

function Unverified({ provider }: { readonly provider: string }) {
  return (
    <Notice tone="warning">
      <p>
        {provider} could not be asked about this key yet, so it is saved unverified. Apps may use it; if it is
        wrong, their calls will fail and it is marked here.
      </p>
    </Notice>
  );
}

/** What the key turned out to be permitted to do, and a way to find out anew. */
function CheckAgain(props: {
  readonly path: string;
  readonly visitor: Visitor;
  readonly credential: Credential;
}) {
  const { path, visitor, credential } = props;
  return (
    <section class="card">
      <h2>What it can do</h2>
      <KeyAbilities credential={credential} />
      <Form action={`${path}/check`} csrf={visitor.csrf}>
        <button type="submit" class="quiet">
          Check again
        </button>
      </Form>
    </section>
  );
}

function Facts(props: {
  readonly credential: Credential;
  readonly provider: string;
  readonly apps: readonly string[];
}) {
  const { credential, provider, apps } = props;
  return (
    <section class="card">
      <dl class="facts">
        <dt>Provider</dt>
        <dd>{provider}</dd>
        <dt>Key</dt>
        <dd>
          <LastFour last4={credential.last4} />
        </dd>
        <dt>Fingerprint</dt>
        <dd>
          <code>{credential.fingerprint}</code>
        </dd>
        {credential.resource !== null && (
          <>
            <dt>Resource</dt>
            <dd>
              <code>{credential.resource}</code>
            </dd>
          </>
        )}
        <dt>Deposited</dt>
        <dd>
          <Day at={credential.createdAt} />
        </dd>
        <dt>Kept</dt>
        <dd>
          <Keeping of={credential} />
        </dd>
        <dt>Used by</dt>
        <dd>{apps.length === 0 ? 'no app' : apps.join(', ')}</dd>
        <dt>Limits</dt>
        <dd>
          <a href={`/spending#${credential.id}`}>What may be spent with it</a>
        </dd>
      </dl>
    </section>
  );
}

function Details(props: {
  readonly path: string;
  readonly visitor: Visitor;
  readonly details: KeyDetails;
  /** Whether calls with it can be billed to several places. */
  readonly billed: boolean;
  readonly complaints: Complaints;
}) {
  const { path, visitor, details, billed, complaints } = props;
  return (
    <section class="card">
      <h2>{billed ? 'Name and billing' : 'Name'}</h2>
      <Form action={path} csrf={visitor.csrf}>
        <Field
          name="name"
          label="Name"
          value={details.name}
          maxlength={longestKeyName}
          autocomplete="off"
          required
          complaint={complaints.name}
        />
        {billed && <BillingFields details={details} complaints={complaints} />}
        <button type="submit">Save</button>
      </Form>
    </section>
  );
}

function Replacement(props: {
  readonly path: string;
  readonly visitor: Visitor;
  readonly provider: string;
  readonly complaint: string | null | undefined;
}) {
  const { path, visitor, provider, complaint } = props;
  return (
    <section class="card">
      <h2>Replace the key</h2>
      <p>
        Put a new key in the place of this one, for instance after rotating it. Apps go on without noticing.
      </p>
      <Form action={`${path}/replace`} csrf={visitor.csrf}>
        <Field
          name="key"
          label={`New ${provider} key`}
          type="password"
          autocomplete="off"
          code
          required
          complaint={complaint}
        />
        <button type="submit">Replace</button>
      </Form>
    </section>
  );
}

function Deletion(props: {
  readonly path: string;
  readonly visitor: Visitor;
  readonly apps: readonly string[];
}) {
  const { path, visitor, apps } = props;
  return (
    <section class="card">
      <h2>Delete the key</h2>
      <Confirm ask="Delete…" act="Delete for good" action={`${path}/delete`} csrf={visitor.csrf}>
        <Losing apps={apps} />
      </Confirm>
    </section>
  );
}

function Losing({ apps }: { readonly apps: readonly string[] }) {
  if (apps.length === 0) {
    return (
      <p>
        No app uses this key. It is destroyed here; with the provider it lives on until you revoke it there.
      </p>
    );
  }
  return (
    <>
      <p>These apps can use this key no longer:</p>
      <ul>
        {apps.map((app) => (
          <li>{app}</li>
        ))}
      </ul>
      <p>The key is destroyed here; with the provider it lives on until you revoke it there.</p>
    </>
  );
}
