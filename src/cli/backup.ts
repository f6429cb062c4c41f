import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import type { RowCounts } from '../store/tables.ts';
import { backUp, restore } from '../transfer.ts';
import type { Session } from './session.ts';

/** Adds `backup` and `restore`. */
export function addBackupCommands(program: Command, session: Session): void {
  program
    .command('backup')
    .description('write everything but the master key into a new file, while servers run')
    .argument('<path>', 'where; nothing may be there yet')
    .action((path: string) => makeBackup(resolve(path), session));
  program
    .command('restore')
    .description('put a backup into an empty store; every app and browser has to sign in again')
    .argument('<path>', 'what `backup` has made')
    .action((path: string) => restoreBackup(resolve(path), session));
}

/** One line for people for each table. */
export function tableLines(tables: RowCounts): readonly string[] {
  return Object.entries(tables).map(([name, rows]) => `  ${name}  ${rows}`);
}

async function makeBackup(path: string, session: Session): Promise<void> {
  const { bytes, sha256, tables, masterKeyIds } = await backUp(readConfig(session.env), path);
  session.show({ path, bytes, sha256, tables, master_key_ids: masterKeyIds }, [
    `Wrote ${path}, ${bytes} bytes, SHA-256 ${sha256}.`,
    ...tableLines(tables),
    masterKeyIds.length === 0
      ? 'The master key is not in it.'
      : `The master key ${masterKeyIds.join(', ')} is not in it. Keep it apart: without it the deposited keys are lost.`,
  ]);
}

async function restoreBackup(path: string, session: Session): Promise<void> {
  const { tables, ended } = await restore(readConfig(session.env), path);
  const { families, sessions, invitations } = ended;
  session.show({ path, tables, ended }, [
    `Restored ${path}.`,
    ...tableLines(tables),
    `Ended what may have been spent or revoked since: ${families} authorizations of apps, ${sessions} sign-ins, ${invitations} invitations.`,
    'Users sign in again, and allow each app again.',
    'Whatever was changed since is as it was: look for passwords, client secrets and suspensions to set again, and for keys, apps and access (`grant list`) to end again.',
  ]);
}
