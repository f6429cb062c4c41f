import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import type { Deps } from '../deps.ts';
import { moveToCurrentMasterKey } from '../tokens/rotate_master_key.ts';
import { createKeyFile, prependFreshKey } from '../vault/keyring.ts';
import { CommandError, type Session, withDeps } from './session.ts';

/** Adds `keys init` and `keys rotate`. */
export function addKeysCommands(program: Command, session: Session): void {
  const keys = program.command('keys').description('the keys of the broker itself');
  keys
    .command('init')
    .description('make the master key file')
    .action(() => init(session));
  keys
    .command('rotate')
    .description('make a new master key and bring everything under it, while servers run')
    .option('--signing', 'make a new signing key for access tokens instead; the old one goes on verifying')
    .option('--withdraw', 'with --signing: the old keys verify no more, so that all access tokens end')
    .action((options: { signing?: true; withdraw?: true }) => rotate(options, session));
}

function init(session: Session): void {
  const { masterKey } = readConfig(session.env);
  if (!('file' in masterKey)) {
    throw new CommandError('COATCHECK_MASTER_KEY holds the master key; there is no file to make.');
  }
  mkdirSync(dirname(masterKey.file), { recursive: true, mode: 0o700 });
  if (!createKeyFile(masterKey.file)) {
    throw new CommandError(`${masterKey.file} exists already and is left as it is.`);
  }
  session.show({ file: masterKey.file }, [
    `Made ${masterKey.file}. Back it up apart from the database: without it the deposited keys are lost.`,
  ]);
}

async function rotate(
  { signing, withdraw }: { signing?: true; withdraw?: true },
  session: Session,
): Promise<void> {
  if (withdraw && !signing) throw new CommandError('--withdraw goes with --signing.');
  await withDeps(session, async (deps) => {
    if (signing) {
      const kid = await deps.signingKeys.rotate(withdraw ? 'withdraw' : 'retire', { kind: 'command_line' });
      session.show({ kid, previous: withdraw ? 'withdrawn' : 'retired' }, [
        `Access tokens are now signed with ${kid}; the keys before it are ${withdraw ? 'withdrawn' : 'retired'}.`,
      ]);
    } else {
      await rotateMasterKey(deps, session);
    }
  });
}

async function rotateMasterKey(deps: Deps, session: Session): Promise<void> {
  const { masterKey } = deps.config;
  if ('file' in masterKey) prependFreshKey(masterKey.file);
  const moved = await moveToCurrentMasterKey(deps);
  if (!('file' in masterKey) && moved.wraps + moved.signingKeys === 0) {
    throw new CommandError(
      'Everything is under the first key of COATCHECK_MASTER_KEY already. Put a new one before it (`openssl rand -base64 32`), keep the old one behind, restart the servers, and run this again.',
    );
  }
  const master_key_id = deps.keyring.current().id;
  session.show({ master_key_id, wraps: moved.wraps, signing_keys: moved.signingKeys }, [
    `Master key ${master_key_id} is current; moved ${moved.wraps} wraps and ${moved.signingKeys} signing keys to it.`,
    'The older keys open nothing any more that is in the database; keep them as long as you keep older backups.',
  ]);
}
