import { missingInWords } from '../catalog/abilities.ts';
import type { Provider } from '../catalog/provider.ts';
import type { Credential } from '../store/records.ts';
import { keyLabel } from './components/credential.tsx';
import { Select } from './components/form.tsx';
import { Notice } from './components/notice.tsx';
import { withNext } from './return_path.ts';

/** Where a key for a provider is added. @param path of the page that is come back to */
export function addKeyPath({ name }: Provider, path: string): string {
  return `${withNext('/keys/new', path)}&provider=${name}`;
}

/** Which key of theirs an app is to use with a provider. */
export function KeyChoice(props: {
  readonly provider: Provider;
  readonly keys: readonly Credential[];
  readonly asked: readonly string[];
  readonly chosen: string;
  readonly path: string;
  /** No other provider is asked for. */
  readonly isAlone: boolean;
  readonly complaint: string | null | undefined;
}) {
  const { provider, keys, asked, chosen, path, isAlone, complaint } = props;
  const id = `${provider.name}_key`;
  const [only] = keys;
  if (!only) {
    return (
      <Notice tone="warning">
        <p>
          You have no key for {provider.title} here yet. Add one, and you come back to this page
          {!isAlone && `; or go on without, by unticking all that it may do with ${provider.title}`}.
        </p>
        <a class="button" id={id} href={addKeyPath(provider, path)}>
          {`Add a key for ${provider.title}`}
        </a>
      </Notice>
    );
  }
  if (keys.length === 1) {
    return (
      <>
        <p class="fact" id={id}>
          <input type="hidden" name="key" value={only.id} />
          Key used: <strong>{keyOption(only)}</strong>
        </p>
        <MissingAbilities provider={provider} keys={keys} asked={asked} />
      </>
    );
  }
  return (
    <>
      <Select
        id={id}
        name="key"
        label="Key used"
        selected={chosen}
        complaint={complaint}
        options={keys.map((key) => ({ value: key.id, label: keyOption(key) }))}
      />
      <MissingAbilities provider={provider} keys={keys} asked={asked} />
    </>
  );
}

/** Says which of the keys cannot do all that is asked for. */
function MissingAbilities(props: {
  readonly provider: Provider;
  readonly keys: readonly Credential[];
  readonly asked: readonly string[];
}) {
  const { provider, keys, asked } = props;
  const lacking = keys.flatMap((key) => {
    const missing = missingInWords(provider, key.abilities, asked);
    return missing === null ? [] : [{ key, missing }];
  });
  if (lacking.length === 0) return null;
  return (
    <Notice tone="warning">
      {lacking.map(({ key, missing }) => (
        <p>
          <strong>{keyLabel(key)}</strong> cannot do {missing}: {provider.title} does not permit it. Such
          calls will fail.
        </p>
      ))}
    </Notice>
  );
}

function keyOption(key: Credential): string {
  const troubles = [
    ...(key.status === 'invalid' ? ['refused by the provider'] : []),
    ...(key.exhaustedAt !== null ? ['quota used up'] : []),
  ];
  return [keyLabel(key), ...troubles].join(', ');
}
