import { covers } from '../lib/model_pattern.ts';
import type { ErrorRules } from './failure.ts';
import type { ModelRules } from './models.ts';
import type { ModerationRules } from './moderation.ts';
import type { PictureRules } from './pictures.ts';
import { hasOwnPrices, type PriceTable } from './prices.ts';
import type { Route } from './route.ts';
import type { SocketRoute } from './socket.ts';

/** One capability that can be lent, as it appears at consent. */
export interface ScopeRow {
  /** As on the wire: `provider:capability`. */
  readonly scope: string;
  /** What it lets an app do, as the end of "It may …". */
  readonly may: string;
  /** It has to be asked for by name: neither offered to apps that ask for whatever there is, nor given to those that name none. */
  readonly onlyByName?: true;
}

/** What a pasted key turns out to be, judged by its shape alone. */
export type KeyShape =
  | { readonly kind: 'key'; readonly sandbox: boolean }
  /** Something else, or a key too powerful to lend. `advice` says what to paste instead. */
  | { readonly kind: 'refused'; readonly advice: string };

/** How it can be found out, without cost, whether a key is permitted to do something. */
export interface Probe {
  /** The scope that it tells about. */
  readonly scope: string;
  /** What the key can do then, as the end of "This key can do …". */
  readonly what: string;
  /**
   * An empty object is posted to these: where the key is permitted, the provider misses what a call must have, and else the
   * permission. One that the key may use is enough.
   */
  readonly paths: readonly string[];
}

/** Everything that is particular to one provider. Shared code never names one. */
export interface Provider {
  readonly name: string;
  readonly title: string;
  /** Where its API is mounted on the broker. With the issuer before it, the provider's resource (RFC 8707). */
  readonly mount: string;
  /** Stands between the base URL and the path of each route, where the base URL leads to other APIs as well. */
  readonly basePath?: string;
  readonly scopes: readonly ScopeRow[];
  readonly routes: readonly Route[];
  /** Its WebSockets that are lent. */
  readonly sockets?: readonly SocketRoute[];
  readonly models: ModelRules;
  /** How it judges content; absent where it does not, or not for nothing. */
  readonly moderation?: ModerationRules;
  readonly errors: ErrorRules;
  /** Headers (in lower case) in which its SDKs send a token, bare, besides Authorization. */
  readonly tokenHeaders: readonly string[];
  /** Request headers (in lower case) that choose a version or switch features on. */
  readonly featureHeaders: Readonly<Record<string, FeatureRule>>;
  /** Parameters of the query that do so. */
  readonly featureQuery?: Readonly<Record<string, FeatureRule>>;
  /** Names the provider's own id of a request, for the record. */
  readonly requestIdHeader: string;
  /** Where a person makes and limits keys. */
  readonly keysPage: string;
  /** Where a person sees to billing and quota. */
  readonly billingPage: string;
  readonly keyShape: (pasted: string) => KeyShape;
  /** How the keys of the simulated provider begin. */
  readonly sandboxKeyPrefix: string;
  /** Where the sandbox has this provider's API, in place of its base URL. */
  readonly sandboxPath: string;
  /** Where its list of models is, under the base URL and the mount. */
  readonly modelsPath: string;
  /** A GET of this costs nothing and shows whether a key is good; where it is left out, the list of models does. */
  readonly verifyPath?: string;
  /** How it shows what a key can do; absent where that cannot be had for certain without cost. */
  readonly probes?: readonly Probe[];
  /** What in the answer to that request speaks against lending the key; null when nothing does. */
  readonly keyRefusal?: (answer: unknown) => string | null;
  /** A key may belong to several organisations and projects, so that a call can name the one that it bills to. */
  readonly billsByProject: boolean;
  /** Absent: all of its keys are good at one address. */
  readonly resource?: ResourceRules;
  /** Header names (in lower case) and values that carry the key and where it bills to. */
  readonly authorize: (key: {
    readonly key: string;
    readonly organization: string | null;
    readonly project: string | null;
  }) => readonly (readonly [name: string, value: string])[];
  readonly priceTable: PriceTable;
  /** What the settings of an account can add to the price of tokens, as a part of it. */
  readonly surcharge?: number;
  /** What is known of its models beside their prices; the first pattern of names that fits counts. */
  readonly traits?: readonly ModelTraits[];
  /** How its conversations hold pictures; absent: not in a way that they can be told from other things. */
  readonly pictures?: PictureRules;
  /** Tokens that it adds to every call by itself, and bills. */
  readonly ownInput?: number;
  /** How its own SDK is pointed at the broker. @param token expression for the access token */
  readonly sdkExample: (baseUrl: string, token: string) => string;
}

/** What bounds what a model reads and writes. */
export interface ModelTraits {
  /** Of its names. */
  readonly pattern: string;
  /** The most tokens that one answer can have, thoughts included; absent where it is not known. */
  readonly longest?: number;
  /** It never thinks unseen, unless a call asks for that. */
  readonly isPlain?: true;
  /** The bound of an answer does not bound what it thinks. */
  readonly thinksBeyond?: true;
  /** In tokens, where the price table says less. */
  readonly contextWindow?: number;
  /** The most tokens that one picture is read in, and half as many more; absent where that is not certain. */
  readonly largestPicture?: number;
  /** As how many tokens a full context window can be billed, where pictures are billed as more than they take up of it. */
  readonly billedWindow?: number;
}

/** What is known of a model. */
export function traitsOf({ traits }: Provider, model: string | null): ModelTraits | undefined {
  return model === null ? undefined : traits?.find(({ pattern }) => covers(pattern, model));
}

/**
 * The name in a request that its call is priced by.
 * @returns null where the answer alone says which model it was: names are the account's own, and this one has no price
 */
export function pricedName(
  { models, priceTable }: Pick<Provider, 'models' | 'priceTable'>,
  model: string | null,
): string | null {
  return model === null || !models.areOwnNames || hasOwnPrices(priceTable, model) ? model : null;
}

/** What a deposit names beside the key, for providers that give each account an address of its own. */
export interface ResourceRules {
  readonly pattern: RegExp;
  /** Says what it is. */
  readonly hint: string;
}

/** Stands in a base URL for the resource that the deposit names. */
const resourcePlace = '{resource}';

/**
 * Where the calls with a key go.
 * @param baseUrl with the place of the resource in it, where the provider has such
 * @returns null when the key is for none that could be meant
 */
export function atResource(
  { resource: rules }: Pick<Provider, 'resource'>,
  baseUrl: string,
  resource: string | null,
): string | null {
  if (!rules || !baseUrl.includes(resourcePlace)) return baseUrl;
  return resource !== null && rules.pattern.test(resource) ? baseUrl.replace(resourcePlace, resource) : null;
}

export interface FeatureRule {
  /** The values an app may send. */
  readonly allowed: readonly string[];
  /** Those that it may send, several with commas between them, in a call that needs the scope. */
  readonly scoped?: Readonly<Record<string, string>>;
  /** Goes in the place of any other value, and of none. */
  readonly otherwise?: string;
}

/**
 * The headers that choose a version and features, as they go to the provider.
 * @param sent the app's headers, by their names in lower case
 * @param scopes what the call needs beyond the route's own scope
 */
export function featureHeaders(
  { featureHeaders: rules }: Provider,
  sent: Readonly<Record<string, unknown>>,
  scopes: readonly string[] = [],
): readonly (readonly [name: string, value: string])[] {
  return chosen(rules, sent, scopes);
}

/**
 * The parameters that choose a version and features, as they go to the provider.
 * @param sent the app's query, without the question mark
 */
export function featureQuery({ featureQuery: rules = {} }: Provider, sent: string): string {
  return chosen(rules, Object.fromEntries(new URLSearchParams(sent)), [])
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function chosen(
  rules: Readonly<Record<string, FeatureRule>>,
  sent: Readonly<Record<string, unknown>>,
  scopes: readonly string[],
): readonly (readonly [name: string, value: string])[] {
  return Object.entries(rules).flatMap(([name, { allowed, scoped = {}, otherwise }]) => {
    const values = String(sent[name] ?? '').split(/ *, */);
    const features = values.filter(
      (value) => Object.hasOwn(scoped, value) && scopes.includes(scoped[value] ?? ''),
    );
    const value = allowed.find((one) => one === sent[name]) ?? (features.join(',') || otherwise);
    return value === undefined ? [] : [[name, value] as const];
  });
}
