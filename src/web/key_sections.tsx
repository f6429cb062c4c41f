import type { Credential } from '../store/records.ts';
import { BillingFields } from './components/billing_fields.tsx';
import { Confirm } from './components/confirm.tsx';
import { KeyAbilities, LastFour } from './components/credential.tsx';
import { type Complaints, Field, Form } from './components/form.tsx';
import { Notice } from './components/notice.tsx';
import { Day } from './components/time.tsx';
import { type KeyDetails, longestKeyName } from './key_form.ts';
import { Keeping } from './key_keeping.tsx';
import type { KeyUse } from './keys.tsx';
import type { Visitor } from './page.ts';

/** The provider could not be asked about it yet. */
export function Unverified({ provider }: { readonly provider: string }) {
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
export function CheckAgain(props: {
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

/** What is known of a key. */
export function Facts(props: {
  readonly credential: Credential;
  readonly provider: string;
  readonly use: KeyUse;
}) {
  const { credential, provider, use } = props;
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
        <dd>{use.by.length === 0 ? 'no app' : use.by.join(', ')}</dd>
        {use.pays.length > 0 && (
          <>
            <dt>Pays for</dt>
            <dd>{use.pays.join(', ')}</dd>
          </>
        )}
        <dt>Limits</dt>
        <dd>
          <a href={`/spending#${credential.id}`}>What may be spent with it</a>
        </dd>
      </dl>
    </section>
  );
}

/** Its name, and where it bills to. */
export function Details(props: {
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

/** A new key in its place. */
export function Replacement(props: {
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

/** Its end, with what it takes along. */
export function Deletion(props: { readonly path: string; readonly visitor: Visitor; readonly use: KeyUse }) {
  const { path, visitor, use } = props;
  return (
    <section class="card">
      <h2>Delete the key</h2>
      <Confirm ask="Delete…" act="Delete for good" action={`${path}/delete`} csrf={visitor.csrf}>
        <Losing apps={use.by} what="These apps can use this key no longer:" />
        <Losing apps={use.pays} what="These apps of yours can pay with it no longer:" />
        <p>
          {use.by.length + use.pays.length === 0 && 'No app uses this key. '}
          It is destroyed here; with the provider it lives on until you revoke it there.
        </p>
      </Confirm>
    </section>
  );
}

function Losing({ apps, what }: { readonly apps: readonly string[]; readonly what: string }) {
  if (apps.length === 0) return null;
  return (
    <>
      <p>{what}</p>
      <ul>
        {apps.map((app) => (
          <li>{app}</li>
        ))}
      </ul>
    </>
  );
}
