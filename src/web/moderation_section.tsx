import { providers } from '../catalog/catalog.ts';
import { type Moderation, moderations, mostFlagsCounted, strictest } from '../store/moderation.ts';
import type { Client } from '../store/records.ts';
import { Form, Select } from './components/form.tsx';
import type { Visitor } from './page.ts';

/** What can be done about harmful content, to choose from. */
const options: readonly { readonly value: Moderation; readonly label: string }[] = [
  { value: 'off', label: 'Nothing' },
  { value: 'flag', label: 'Flag such calls' },
  { value: 'block', label: 'Refuse such calls' },
];

/** The setting that a form has chosen; null for none. */
export function typedModeration(form: URLSearchParams): Moderation | null {
  return moderations.find((one) => one === form.get('moderation')) ?? null;
}

/** How many calls were flagged, in a sentence. */
export function flaggedInWords(flagged: number): string {
  const orMore = flagged === mostFlagsCounted ? ' or more' : '';
  const calls =
    flagged === 0 ? 'No call was' : flagged === 1 ? '1 call was' : `${flagged}${orMore} calls were`;
  return `${calls} flagged in the last day.`;
}

const list = new Intl.ListFormat('en-GB');

/** The providers whose moderation can judge calls. */
function judges(): string {
  return list.format(providers.filter(({ moderation }) => moderation).map(({ title }) => title));
}

/** A choice of what is done, with what it brings along. */
export function ModerationChoice(props: {
  readonly id?: string;
  readonly label: string;
  readonly selected: Moderation;
}) {
  return (
    <Select
      {...props}
      name="moderation"
      hint={`To refuse them refuses also what cannot be judged: files, sound, live sessions, and every call to another provider than ${judges()}.`}
      options={options}
    />
  );
}

/** What is done about harmful content in an app's calls, for its developer. */
export function ModerationSection(props: {
  readonly client: Client;
  readonly path: string;
  readonly visitor: Visitor;
  /** What is done for every app at least. */
  readonly everywhere: Moderation;
  readonly flagged: number;
}) {
  const { client, path, visitor, everywhere, flagged } = props;
  const demanded = strictest(everywhere, client.requiredModeration);
  return (
    <section class="card">
      <h2>Harmful content</h2>
      <p>
        The texts and pictures of a call can be judged before it is sent, by the provider’s own moderation. It
        costs nothing; {judges()} has one. {flaggedInWords(flagged)}
      </p>
      <Form action={`${path}/moderation`} csrf={visitor.csrf}>
        <ModerationChoice label="When content is found harmful" selected={client.moderation} />
        {demanded !== 'off' && (
          <p class="hint">
            The operator of this site has such calls {demanded === 'flag' ? 'flagged' : 'refused'} at least.
          </p>
        )}
        <button type="submit">Save what is done</button>
      </Form>
    </section>
  );
}
