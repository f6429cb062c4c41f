/** The processes that admit calls. Each holds a lease; the living settle the calls of those whose lease ran out. */
export interface InstanceStore {
  /**
   * Registers an instance or renews its lease.
   * @returns the store's clock in milliseconds; `isDead` when another instance has declared this one dead, which is for good
   */
  beat(id: string, leaseSeconds: number): Promise<{ readonly isDead: boolean; readonly now: number }>;
  /**
   * Declares the instances dead whose lease ran out, and settles pending calls of all the dead as `lost`, at their
   * reservation (cost unknown when nothing was reserved). Does nothing for an instance that has no lease itself.
   * @param id who asks
   * @param limit how many calls to settle at most; when it settles as many there may be more
   * @returns the ids of those declared dead now, and how many calls were settled
   */
  recover(
    id: string,
    limit: number,
  ): Promise<{ readonly declaredDead: readonly string[]; readonly settled: number }>;
  /** Forgets an instance that stops. One that leaves pending calls behind stays, and its lease is over. */
  leave(id: string): Promise<void>;
}
