import type { JsonObject } from '../../../src/lib/json.ts';

/** Something in a request that makes a key do more than write text. */
export interface PowerField {
  readonly provider: string;
  readonly what: string;
  readonly path: string;
  readonly body: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  /** What goes on in its place without any further scope; absent: the call is refused. */
  readonly neutral?: JsonObject;
  /** The capabilities that allow it; absent: none does. */
  readonly needs?: readonly string[];
  /** What goes on with them, if it is not what was sent. */
  readonly sent?: JsonObject;
}

export type Row = Omit<PowerField, 'provider' | 'path' | 'body'>;
