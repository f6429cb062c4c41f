import { DrizzleQueryError } from 'drizzle-orm';
import pg from 'pg';
import { OutcomeUnknown } from '../contract/ledger.ts';

/** Deadlock, serialization failure, lock not to be had: all of the transaction is undone, and another try may do. */
const worthAnotherTry: ReadonlySet<string | undefined> = new Set(['40P01', '40001', '55P03']);

/** What drizzle or the driver threw, without drizzle's wrapping, whose message holds every parameter. */
function originOf(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}

/** Whether the server refused a statement and goes on: the transaction is undone, and the connection is good. */
export function isRefusal(error: unknown): boolean {
  const origin = originOf(error);
  return origin instanceof pg.DatabaseError && origin.severity === 'ERROR';
}

/**
 * The methods of a part of the store, each of which is one transaction: a second try where one may do, and errors that
 * hold no values.
 */
export function guarded<Part extends { [Name in keyof Part]: (...values: never[]) => Promise<unknown> }>(
  part: Part,
): Part {
  const methods = Object.entries<(...values: never[]) => Promise<unknown>>(part).map(([name, method]) => {
    const guardedMethod = async (...values: never[]) => {
      try {
        return await method(...values).catch((error) => {
          const origin = originOf(error);
          if (origin instanceof pg.DatabaseError && worthAnotherTry.has(origin.code))
            return method(...values);
          throw error;
        });
      } catch (error) {
        throw withoutValues(error);
      }
    };
    return [name, guardedMethod];
  });
  return Object.fromEntries(methods);
}

/** The error as a log may show it: `detail` and `where` of the server quote what was to be written. */
export function withoutValues(error: unknown): unknown {
  const origin = originOf(error);
  if (error instanceof OutcomeUnknown)
    return new OutcomeUnknown(error.message, { cause: withoutValues(error.cause) });
  if (!(origin instanceof pg.DatabaseError)) return origin;
  return new Error(`PostgreSQL: ${origin.message} (${origin.code})`);
}
