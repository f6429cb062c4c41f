import type { ObjectName, ProviderObject } from '../records.ts';

/** Something that has been made, with what is to be kept of it. */
export type NewObject = ObjectName & Partial<Pick<ProviderObject, 'detail'>>;

/** What providers keep for grants. An id that is not on record is nobody's. */
export interface ObjectStore {
  /**
   * Puts on record that these were made for a grant. What is on record for a grant stays that grant's.
   * @returns whether all of them are the grant's now: one may be another's
   */
  recordObjects(
    origin: Omit<ProviderObject, keyof ObjectName | 'detail' | 'createdAt'>,
    objects: readonly NewObject[],
  ): Promise<boolean>;
  /** What is on record for a grant by this name; null when nothing is. */
  findObject(grantId: string, provider: string, object: ObjectName): Promise<ProviderObject | null>;
  /** The first of these that is not on record for a grant, whether it is another's or nobody's; null when all are. */
  findUnowned(grantId: string, provider: string, objects: readonly ObjectName[]): Promise<ObjectName | null>;
  /** Takes these off the record of a grant, because the provider does not keep them any more. */
  forgetObjects(grantId: string, provider: string, objects: readonly ObjectName[]): Promise<void>;
}
