import type { Client } from '../../store/records.ts';
import type { OAuthError } from '../errors.ts';
import type { Parameters } from '../parameters.ts';

/** What an authorization request is judged by, once it is known whose it is and where answers to it go. */
export interface Asked {
  readonly issuer: string;
  readonly client: Client;
  readonly parameters: Parameters;
  /** Whether they came from the client itself (RFC 9126), not by way of a browser. */
  readonly isPushed: boolean;
  /** Whether somebody is signed in with this browser. */
  readonly signedIn: boolean;
}

/** One rule. Pure: what is wrong, or null. */
export type Step = (asked: Asked) => OAuthError | null;
