import type { Child } from 'hono/jsx';

export type Tone = 'good' | 'warning' | 'danger' | 'plain';

/** A word or two on the state of something. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children?: Child }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}
