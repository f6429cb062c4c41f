import type { Deps } from '../deps.ts';
import type { Client } from '../store/records.ts';
import type { Proof } from '../tokens/dpop.ts';
import type { Parameters } from './parameters.ts';

/** A form from a client that has shown who it is. */
export interface ClientRequest {
  readonly client: Client;
  readonly parameters: Parameters;
  /** The proof of possession that came with it (RFC 9449 §5), not used up yet; null without one. */
  readonly proof: Proof | null;
  /** Network address, for rate limits. */
  readonly address: string;
}

/** Answers a client's request with what goes out as JSON, or throws an OAuthError. */
export type Operation = (deps: Deps, request: ClientRequest) => Promise<Readonly<Record<string, unknown>>>;
