import type { Client } from '../../store/records.ts';
import type { OAuthError } from '../errors.ts';
import type { Parameters } from '../parameters.ts';

/** What an authorization request is judged by, once it is known whose it is and where answers to it go. */
export interface Asked {
  readonly issuer: string;
  readonly client: Client;
  readonly parameters: Parameters;
  /** Whether somebody is signed in with this browser. */
  readonly signedIn: boolean;
}

/** One rule. Pure: what is wrong, or null. */
export type Step = (asked: Asked) => OAuthError | null;
