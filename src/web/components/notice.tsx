import type { Child } from 'hono/jsx';
import type { Tone } from './badge.tsx';

/** A few sentences that ask for attention. `good` ones are read out as they appear. */
export function Notice({ tone, children }: { readonly tone: Tone; readonly children?: Child }) {
  return (
    <div class={`notice ${tone}`} role={tone === 'good' ? 'status' : undefined}>
      {children}
    </div>
  );
}

/**
 * Says what was just done, after the redirect that followed it. The address names a message, it does not hold one, so
 * nobody can put words into our mouth.
 */
export function Done({
  what,
  messages,
}: {
  readonly what: string | undefined;
  readonly messages: Readonly<Record<string, string>>;
}) {
  const message = what !== undefined && Object.hasOwn(messages, what) ? messages[what] : undefined;
  return message === undefined ? null : (
    <Notice tone="good">
      <p>{message}</p>
    </Notice>
  );
}
