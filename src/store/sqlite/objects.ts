import { and, eq, sql } from 'drizzle-orm';
import type { ObjectStore } from '../contract/objects.ts';
import type { ObjectName } from '../records.ts';
import type { Connection } from './open.ts';
import { providerObjects } from './schema.ts';

export function sqliteObjects({ db, write }: Connection): ObjectStore {
  const { placeholder } = sql;
  const isThis = and(
    eq(providerObjects.provider, placeholder('provider')),
    eq(providerObjects.kind, placeholder('kind')),
    eq(providerObjects.id, placeholder('id')),
    eq(providerObjects.grantId, placeholder('grantId')),
  );
  const find = db.select({ id: providerObjects.id }).from(providerObjects).where(isThis).prepare();
  const read = db.select().from(providerObjects).where(isThis).prepare();
  const forget = db.delete(providerObjects).where(isThis).prepare();
  const unowned = (grantId: string, provider: string, objects: readonly ObjectName[]) =>
    objects.find(({ kind, id }) => !find.get({ grantId, provider, kind, id })) ?? null;

  return {
    async recordObjects(origin, objects) {
      const { grantId, provider } = origin;
      return write((createdAt) => {
        for (const object of objects) {
          db.insert(providerObjects)
            .values({ ...origin, ...object, createdAt })
            .onConflictDoNothing()
            .run();
        }
        return unowned(grantId, provider, objects) === null;
      });
    },

    async findObject(grantId, provider, { kind, id }) {
      return read.get({ grantId, provider, kind, id }) ?? null;
    },

    async findUnowned(grantId, provider, objects) {
      return unowned(grantId, provider, objects);
    },

    async forgetObjects(grantId, provider, objects) {
      write(() => {
        for (const { kind, id } of objects) forget.run({ grantId, provider, kind, id });
      });
    },
  };
}
