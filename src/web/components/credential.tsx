import { findProvider } from '../../catalog/catalog.ts';
import type { Credential } from '../../store/records.ts';
import { Badge, type Tone } from './badge.tsx';

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

export function KeyState({ credential }: { readonly credential: Pick<Credential, 'status' | 'sandbox'> }) {
  const { tone, word } = states[credential.status];
  return (
    <>
      {credential.sandbox && <Badge tone="plain">Sandbox</Badge>} <Badge tone={tone}>{word}</Badge>
    </>
  );
}
