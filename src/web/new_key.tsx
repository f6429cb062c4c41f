import { findProvider, providers } from '../catalog/catalog.ts';
import type { Provider } from '../catalog/provider.ts';
import type { User } from '../store/records.ts';
import { type DepositResult, depositKey } from '../vault/deposit.ts';
import { depositSandboxKey } from '../vault/sandbox_key.ts';
import { asUser } from './actor.ts';
import { BillingFields } from './components/billing_fields.tsx';
import { Elsewhere } from './components/credential.tsx';
import { type Complaints, ErrorSummary, Field, Form, isInvalid, Select } from './components/form.tsx';
import { type KeyDetails, keyComplaints, longestKeyName, noDetails, readKeyDetails } from './key_form.ts';
import { firstKeeping, KeepingChoice, noKeeping, readKeeping } from './key_keeping.tsx';
import { Layout } from './layout.tsx';
import type { PageContext, Visitor } from './page.ts';
import { returnPath } from './return_path.ts';

/** What was typed, but for the key: that is never sent back. */
type Typed = KeyDetails & { readonly provider: string; readonly resource: string; readonly keep: string };

export function showNewKey(c: PageContext) {
  const typed = {
    ...noDetails,
    resource: '',
    provider: c.req.query('provider') ?? '',
    keep: firstKeeping,
  };
  return c.html(newKey(c, typed, returnPath(c.req.query('next')), {}));
}

export async function submitNewKey(c: PageContext, user: User) {
  const { deps, form, visitor } = c.var;
  const next = returnPath(form.get('next'));
  const typed = {
    ...readKeyDetails(form),
    resource: (form.get('resource') ?? '').trim(),
    provider: form.get('provider') ?? '',
    keep: form.get('keep') ?? firstKeeping,
  };
  const life = readKeeping(typed.keep, visitor.session, deps.clock());
  const complaints = { ...keyComplaints(typed), ...(life ? {} : { keep: noKeeping }) };
  if (!life || isInvalid(complaints)) return c.html(newKey(c, typed, next, complaints), 422);
  const pasted = form.get('key') ?? '';
  const result = await depositKey(deps, { userId: user.id, ...typed, pasted, life }, asUser(user));
  return answer(c, result, typed, next);
}

/** Deposits a made-up key that only the sandbox knows. */
export async function submitSandboxKey(c: PageContext, user: User) {
  const { deps, form } = c.var;
  const provider = form.get('provider') ?? '';
  const result = await depositSandboxKey(deps, { userId: user.id, provider }, asUser(user));
  const typed = { ...noDetails, resource: '', provider, keep: firstKeeping };
  return answer(c, result, typed, returnPath(form.get('next')));
}

function answer(c: PageContext, result: DepositResult, typed: Typed, next: string | null) {
  if (result.kind === 'refused') return c.html(newKey(c, typed, next, { key: result.advice }), 422);
  return c.redirect(next ?? `/keys/${result.credential.id}?done=saved`, 303);
}

function newKey(c: PageContext, typed: Typed, next: string | null, complaints: Complaints) {
  const { deps, visitor } = c.var;
  const chosen = findProvider(typed.provider);
  const sandboxOn = providers.some(({ name }) => deps.upstreamOf(name, true) !== null);
  return (
    <Layout title="Add a key" visitor={visitor} place="keys" width="narrow" invalid={isInvalid(complaints)}>
      <a class="back" href={next ?? '/keys'}>
        {next ? 'Back' : 'Keys'}
      </a>
      <h1>Add a key</h1>
      <ErrorSummary complaints={complaints} />
      <DepositForm visitor={visitor} chosen={chosen} typed={typed} next={next} complaints={complaints} />
      {sandboxOn && <SandboxOffer visitor={visitor} chosen={chosen} next={next} />}
    </Layout>
  );
}

function providerOptions() {
  return providers.map(({ name, title }) => ({ value: name, label: title }));
}

function DepositForm(props: {
  readonly visitor: Visitor;
  readonly chosen: Provider | undefined;
  readonly typed: Typed;
  readonly next: string | null;
  readonly complaints: Complaints;
}) {
  const { visitor, chosen, typed, next, complaints } = props;
  /** Whose keys may belong to several organisations and projects. */
  const billedByProject = providers.filter(({ billsByProject }) => billsByProject);
  return (
    <section class="card">
      <Form action="/keys/new" csrf={visitor.csrf}>
        {next && <input type="hidden" name="next" value={next} />}
        <Select name="provider" label="Provider" selected={chosen?.name ?? ''} options={providerOptions()} />
        <Field
          name="key"
          label="API key"
          type="password"
          autocomplete="off"
          code
          required
          complaint={complaints.key}
          hint={
            <>
              Make one for Coatcheck alone, with a monthly limit, at{' '}
              {chosen ? <Elsewhere href={chosen.keysPage} /> : 'the provider'}. It is checked with its
              provider, encrypted, and never shown again.
            </>
          }
        />
        <Field
          name="name"
          label="Name (optional)"
          hint="To tell your keys apart, such as Personal or Work."
          value={typed.name}
          maxlength={longestKeyName}
          autocomplete="off"
          complaint={complaints.name}
        />
        <KeepingChoice selected={typed.keep} complaint={complaints.keep} />
        <details class="more" open={typed.organization !== '' || typed.project !== ''}>
          <summary>Organisation and project</summary>
          <p class="hint">
            Only for {billedByProject.map(({ title }) => title).join(', ')}, and only when the key can use
            several and you want calls billed to a certain one.
          </p>
          <BillingFields details={typed} complaints={complaints} />
        </details>
        <ResourceField chosen={chosen} resource={typed.resource} />
        <button type="submit">Save the key</button>
      </Form>
    </section>
  );
}

/** For providers that give each account an address of its own. */
function ResourceField(props: { readonly chosen: Provider | undefined; readonly resource: string }) {
  const { chosen, resource } = props;
  return providers.map(
    ({ name, title, resource: rules }) =>
      rules && (
        <details class="more" open={chosen?.name === name || resource !== ''}>
          <summary>{`Resource of ${title}`}</summary>
          <Field
            name="resource"
            label="Resource"
            hint={`Only for ${title}, where a key is for one resource. ${rules.hint}`}
            value={resource}
            code
          />
        </details>
      ),
  );
}

function SandboxOffer(props: {
  readonly visitor: Visitor;
  readonly chosen: Provider | undefined;
  readonly next: string | null;
}) {
  const { visitor, chosen, next } = props;
  return (
    <section class="card">
      <h2>Just looking around?</h2>
      <p>A sandbox key talks to a simulated provider: the answers are made up and cost nothing.</p>
      <Form action="/keys/sandbox" csrf={visitor.csrf}>
        {next && <input type="hidden" name="next" value={next} />}
        <Select
          id="simulated"
          name="provider"
          label="Simulated provider"
          selected={chosen?.name ?? ''}
          options={providerOptions()}
        />
        <button type="submit" class="quiet">
          Use a sandbox key
        </button>
      </Form>
    </section>
  );
}
