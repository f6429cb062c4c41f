import type { IncomingHttpHeaders } from 'node:http';
import type { ServerEvent } from './answer.ts';
import type { Prices } from './bill.ts';
import type { ErrorWords, Refusal } from './errors.ts';
import type { Route } from './route.ts';

/** Everything that is particular to one provider that the sandbox plays. */
export interface Api {
  readonly name: string;
  /** Where it stands: what the base URL of its SDK ends with. */
  readonly path: string;
  /** Everything it can do. Anything else is 404. */
  readonly routes: readonly Route[];
  readonly prices: Prices;
  /** How every key that it accepts begins. */
  readonly keyPrefix: string;
  readonly keyIn: (headers: IncomingHttpHeaders) => string | undefined;
  readonly errors: ErrorWords;
  /** A refusal in its shape. */
  readonly errorBody: (refusal: Refusal, seed: string) => unknown;
  /** The event that ends a stream which fails half-way. @param last the event before it */
  readonly errorEvent: (last: ServerEvent | undefined, seed: string) => ServerEvent;
  /** The headers that come with every answer of the real one and say things about the account and the way there. */
  readonly headers: (seed: string) => Readonly<Record<string, string>>;
}

/** The key of an `Authorization: Bearer` header, if there is one. */
export function bearerKey({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}
