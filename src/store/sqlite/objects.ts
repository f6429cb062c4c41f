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
  const forget = db.delete(providerObjects).where(isThis).prepare();
  const isOwn = (grantId: string, provider: string, { kind, id }: ObjectName) =>
    find.get({ grantId, provider, kind, id }) !== undefined;

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
        return objects.every((object) => isOwn(grantId, provider, object));
      });
    },

    async ownsObjects(grantId, provider, objects) {
      return objects.every((object) => isOwn(grantId, provider, object));
    },

    async forgetObjects(grantId, provider, objects) {
      write(() => {
        for (const { kind, id } of objects) forget.run({ grantId, provider, kind, id });
      });
    },
  };
}
