import { abilitiesInWords } from '../../catalog/abilities.ts';
import { findProvider } from '../../catalog/catalog.ts';
import type { Credential } from '../../store/records.ts';
import { Badge, type Tone } from './badge.tsx';
import { Notice } from './notice.tsx';
import { Time } from './time.tsx';

/** All that is ever shown of a key itself: its last four characters. */
export function LastFour({ last4 }: { readonly last4: string }) {
  return (
    <code class="last-four">
      <span aria-hidden="true">····</span>
      <span class="visually-hidden">ending in </span>
      {last4}
    </code>
  );
}

/** A key as one line of text, where markup cannot go. */
export function keyLabel({ name, last4, sandbox }: Pick<Credential, 'name' | 'last4' | 'sandbox'>): string {
  return `${name} ····${last4}${sandbox && !/sandbox/i.test(name) ? ', sandbox' : ''}`;
}

export function providerTitle(provider: string): string {
  return findProvider(provider)?.title ?? provider;
}

const states: Record<Credential['status'], { readonly tone: Tone; readonly word: string }> = {
  verified: { tone: 'good', word: 'Verified' },
  unverified: { tone: 'warning', word: 'Unverified' },
  invalid: { tone: 'danger', word: 'Refused by the provider' },
};

export function KeyState({
  credential,
}: {
  readonly credential: Pick<Credential, 'status' | 'sandbox' | 'exhaustedAt'>;
}) {
  const { tone, word } = states[credential.status];
  return (
    <>
      {credential.sandbox && <Badge tone="plain">Sandbox</Badge>} <Badge tone={tone}>{word}</Badge>{' '}
      {credential.exhaustedAt !== null && <Badge tone="danger">Quota used up</Badge>}
    </>
  );
}

/** What is wrong with a key, and what its owner can do; nothing where nothing is. */
export function KeyTrouble({ credential }: { readonly credential: Credential }) {
  const { status, exhaustedAt, provider: name } = credential;
  const provider = findProvider(name);
  const title = providerTitle(name);
  return (
    <>
      {status === 'invalid' && (
        <Notice tone="danger">
          <p>
            {title} refuses this key: it was revoked there or has expired. Calls with it fail. Make a new one
            {provider && (
              <>
                {' '}
                at <Elsewhere href={provider.keysPage} />
              </>
            )}
            , put it in the place of this one, and every app works again.
          </p>
        </Notice>
      )}
      {exhaustedAt !== null && (
        <Notice tone="danger">
          <p>
            Since <Time at={exhaustedAt} /> {title} says that the account behind this key has no quota left.
            Calls that cost something fail until it has some again.
            {provider && (
              <>
                {' '}
                See to its billing at <Elsewhere href={provider.billingPage} />.
              </>
            )}
          </p>
        </Notice>
      )}
    </>
  );
}

/** What a key is permitted to do, as far as its provider has shown. */
export function KeyAbilities({ credential }: { readonly credential: Credential }) {
  const provider = findProvider(credential.provider);
  const words = provider && abilitiesInWords(provider, credential.abilities);
  const title = providerTitle(credential.provider);
  if (words) return <p>{`This key ${words}.`}</p>;
  return <p class="hint">{`${title} has not shown what this key can do; only calls will.`}</p>;
}

/** A page of somebody else's, by its host. */
export function Elsewhere({ href }: { readonly href: string }) {
  return (
    <a href={href} rel="noreferrer" target="_blank">
      {new URL(href).host}
    </a>
  );
}
