import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';

/** Milliseconds to wait for another process to let go of the write lock. */
const patience = 1000;
const longestPause = 50;

/**
 * The methods of a part of the store, each of which is one transaction: while another process holds the write lock they
 * wait and try again. SQLite's own way of waiting would stop the whole process meanwhile, and with it every stream.
 */
export function patient<Part extends { [Name in keyof Part]: (...values: never[]) => Promise<unknown> }>(
  part: Part,
): Part {
  const methods = Object.entries<(...values: never[]) => Promise<unknown>>(part).map(([name, method]) => {
    const patientMethod = async (...values: never[]) => {
      const giveUpAt = performance.now() + patience;
      for (let pause = 1; ; pause = Math.min(2 * pause, longestPause)) {
        try {
          return await method(...values);
        } catch (error) {
          if (!isBusy(error) || performance.now() >= giveUpAt) throw error;
          await sleep(pause);
        }
      }
    };
    return [name, patientMethod];
  });
  return Object.fromEntries(methods);
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
