import type { Actor, Client, ClientStatus, JwkSet } from '../records.ts';

/** An app that is being registered. */
export type NewClient = Pick<
  Client,
  'id' | 'ownerId' | 'name' | 'type' | 'secretHash' | 'jwks' | 'redirectUris' | 'scope'
> &
  Partial<Pick<Client, 'secretMethod' | 'registrationTokenHash' | 'requiresDpop' | 'requiresPushedRequests'>>;

/** What a client's document says, and until when that holds. */
export type ClientDocument = Pick<
  Client,
  'id' | 'name' | 'type' | 'redirectUris' | 'scope' | 'requiresDpop' | 'requiresPushedRequests'
> & { readonly freshUntil: number };

/** An app with what an operator sees beside it. */
export interface ClientView {
  readonly client: Client;
  readonly ownerEmail: string | null;
  /** People who let it use their keys now. */
  readonly users: number;
  /** Its flagged calls, as `countFlagged` counts them. */
  readonly flagged: number;
}

export interface ClientStore {
  createClient(client: NewClient, actor: Actor): Promise<Client>;
  /**
   * Keeps what a client's document says, in the place of what it said before. Its status stays.
   * @returns null when the client has been deleted here, which is for good
   */
  saveDocument(document: ClientDocument): Promise<Client | null>;
  /** A client that is known here and has not been deleted. */
  findClient(id: string): Promise<Client | null>;
  listClients(ownerId: string): Promise<readonly Client[]>;
  /** Those of all owners and of none: first who waits for verification, then the newest. */
  listAllClients(limit: number): Promise<readonly ClientView[]>;
  /**
   * Changes a client. Another name or another redirect URI is nothing that an operator has vouched for. Keys that are given
   * take the place of the secret.
   */
  updateClient(
    id: string,
    change: Partial<
      Pick<
        Client,
        | 'name'
        | 'redirectUris'
        | 'scope'
        | 'secretMethod'
        | 'requiresDpop'
        | 'requiresPushedRequests'
        | 'paysWhenUsedUp'
        | 'moderation'
        | 'requiredModeration'
      >
    > & { readonly jwks?: JwkSet },
    actor: Actor,
  ): Promise<boolean>;
  /** The secret takes the place of the one before it, or of the keys. */
  replaceClientSecret(id: string, secretHash: string, actor: Actor): Promise<boolean>;
  /** Suspends a client or lifts the suspension. @returns false when there is no such client */
  setClientStatus(id: string, status: ClientStatus, actor: Actor): Promise<boolean>;
  /**
   * How many calls of a client were flagged within a day, and since it was last allowed to go on, `mostFlagsCounted` at most.
   * Tests do not count.
   */
  countFlagged(id: string): Promise<number>;
  /**
   * Suspends the client of a call, if so many of its calls are flagged.
   * @param most of those that `countFlagged` counts, however many
   * @returns the client, if it is suspended because of this and was not before
   */
  suspendFlagged(callId: string, most: number): Promise<Client | null>;
  /** Records that the owner asks for verification. @param token to publish, unless the client has one already */
  askForVerification(id: string, token: string, actor: Actor): Promise<boolean>;
  /**
   * Records that the client's token was found on every host of these redirect URIs.
   * @returns false when they are not the client's any more
   */
  markDomainProven(id: string, redirectUris: readonly string[], actor: Actor): Promise<boolean>;
  /**
   * Vouches for a client, or no longer; either answers its owner.
   * @param seen what is vouched for
   * @returns false when there is no such client, or it is not as it was seen any more
   */
  setVerified(
    id: string,
    verified: boolean,
    actor: Actor,
    seen?: Pick<Client, 'name' | 'redirectUris'>,
  ): Promise<boolean>;
  /** Deletes the client; its grants end. @returns the ids of the grants that ended, null when there was no such client */
  deleteClient(id: string, actor: Actor): Promise<readonly string[] | null>;
}
