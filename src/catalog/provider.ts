import type { ErrorRules } from './failure.ts';
import type { ModelRules } from './models.ts';
import type { Route } from './route.ts';

/** One capability that can be lent, as it appears at consent. */
export interface ScopeRow {
  /** As on the wire: `provider:capability`. */
  readonly scope: string;
  /** What it lets an app do, as the end of "It may …". */
  readonly may: string;
}

/** What a pasted key turns out to be, judged by its shape alone. */
export type KeyShape =
  | { readonly kind: 'key'; readonly sandbox: boolean }
  /** Something else, or a key too powerful to lend. `advice` says what to paste instead. */
  | { readonly kind: 'refused'; readonly advice: string };

/** Everything that is particular to one provider. Shared code never names one. */
export interface Provider {
  readonly name: string;
  readonly title: string;
  /** Where its API is mounted on the broker. With the issuer before it, the provider's resource (RFC 8707). */
  readonly mount: string;
  readonly scopes: readonly ScopeRow[];
  readonly routes: readonly Route[];
  readonly models: ModelRules;
  readonly errors: ErrorRules;
  /** Request headers (in lower case) that switch features on, and the values an app may send. */
  readonly featureHeaders: Readonly<Record<string, readonly string[]>>;
  /** Names the provider's own id of a request, for the record. */
  readonly requestIdHeader: string;
  /** Where a person makes and limits keys. */
  readonly keysPage: string;
  /** Where a person sees to billing and quota. */
  readonly billingPage: string;
  readonly keyShape: (pasted: string) => KeyShape;
  /** Free request that shows whether a key is good: a GET of this path under the base URL. */
  readonly verifyPath: string;
  /** Header names (in lower case) and values that carry the key and where it bills to. */
  readonly authorize: (key: {
    readonly key: string;
    readonly organization: string | null;
    readonly project: string | null;
  }) => readonly (readonly [name: string, value: string])[];
  /** Provider id in the price table. */
  readonly priceTable: string;
}
