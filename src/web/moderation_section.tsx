import { type Moderation, moderations, mostFlagsCounted, strictest } from '../store/moderation.ts';
import type { Client } from '../store/records.ts';
import { Form, Select } from './components/form.tsx';
import type { Visitor } from './page.ts';

/** What can be done about harmful content, to choose from. */
export const moderationOptions: readonly { readonly value: Moderation; readonly label: string }[] = [
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
  return `${flagged === 1 ? '1 call was' : `${flagged}${orMore} calls were`} flagged within a day.`;
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
    <section class="card" id="moderation">
      <h2>Harmful content</h2>
      <p>
        What your app sends can first be judged by the provider, where it does so for nothing.{' '}
        {flaggedInWords(flagged)}
      </p>
      <Form action={`${path}/moderation`} csrf={visitor.csrf}>
        <Select
          name="moderation"
          label="When content is found harmful"
          hint="Refusing also refuses what cannot be judged, such as files, sound and live sessions."
          selected={client.moderation}
          options={moderationOptions}
        />
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
