import type { ObjectName, ProviderObject } from '../records.ts';

/** What providers keep for grants. An id that is not on record is nobody's. */
export interface ObjectStore {
  /**
   * Puts on record that these were made for a grant. What is on record for a grant stays that grant's.
   * @returns whether all of them are the grant's now: one may be another's
   */
  recordObjects(
    origin: Omit<ProviderObject, keyof ObjectName | 'createdAt'>,
    objects: readonly ObjectName[],
  ): Promise<boolean>;
  /** The first of these that is not on record for a grant, whether it is another's or nobody's; null when all are. */
  findUnowned(grantId: string, provider: string, objects: readonly ObjectName[]): Promise<ObjectName | null>;
  /** Takes these off the record of a grant, because the provider does not keep them any more. */
  forgetObjects(grantId: string, provider: string, objects: readonly ObjectName[]): Promise<void>;
}
