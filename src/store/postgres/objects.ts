import { and, eq, type SQL, sql } from 'drizzle-orm';
import type { NewObject, ObjectStore } from '../contract/objects.ts';
import type { ObjectName } from '../records.ts';
import type { Connection, Session } from './open.ts';
import { providerObjects } from './schema.ts';

export function postgresObjects({ db, write }: Connection): ObjectStore {
  const findUnowned = async (
    session: Session,
    grantId: string,
    provider: string,
    objects: readonly ObjectName[],
  ): Promise<ObjectName | null> => {
    const { rows } = await session.execute<{ kind: string; id: string }>(
      sql`select kind, id from ${named(objects)} where not exists (
          select from ${providerObjects}
          where provider = ${provider} and kind = named.kind and id = named.id and grant_id = ${grantId}
        )
        order by position limit 1`,
    );
    return rows[0] ?? null;
  };

  return {
    async recordObjects({ grantId, provider, credentialId, callId }, objects) {
      return write(async (tx, createdAt) => {
        // In one order, so that two of these never wait for each other in a circle.
        await tx.execute(
          sql`insert into ${providerObjects} (provider, kind, id, grant_id, credential_id, call_id, detail, created_at)
            select ${provider}, kind, id, ${grantId}, ${credentialId}, ${callId}, detail::json, ${createdAt}::bigint
            from ${named(objects)} order by kind, id
            on conflict do nothing`,
        );
        return (await findUnowned(tx, grantId, provider, objects)) === null;
      });
    },

    async findObject(grantId, provider, { kind, id }) {
      const isThis = and(
        eq(providerObjects.provider, provider),
        eq(providerObjects.kind, kind),
        eq(providerObjects.id, id),
        eq(providerObjects.grantId, grantId),
      );
      const [found] = await db.select().from(providerObjects).where(isThis);
      return found ?? null;
    },

    async findUnowned(grantId, provider, objects) {
      return findUnowned(db, grantId, provider, objects);
    },

    async forgetObjects(grantId, provider, objects) {
      await db.execute(
        sql`delete from ${providerObjects}
          where provider = ${provider} and grant_id = ${grantId} and (kind, id) in (select kind, id from ${named(objects)})`,
      );
    },
  };
}

function named(objects: readonly NewObject[]): SQL {
  const kinds = sql.param(objects.map(({ kind }) => kind));
  const ids = sql.param(objects.map(({ id }) => id));
  const details = sql.param(objects.map(({ detail }) => detail && JSON.stringify(detail)));
  return sql`unnest(${kinds}::text[], ${ids}::text[], ${details}::text[]) with ordinality as named (kind, id, detail, position)`;
}
