import { type Command, Option } from 'commander';
import { abilitiesInWords } from '../catalog/abilities.ts';
import { findProvider } from '../catalog/catalog.ts';
import { depositKey } from '../vault/deposit.ts';
import { daysToKeep, forDays, untilDeleted } from '../vault/key_life.ts';
import { requireUser } from './find.ts';
import { CommandError, firstInputLine, type Session, withDeps } from './session.ts';

interface DepositOptions {
  user: string;
  provider: string;
  name?: string;
  organization?: string;
  project?: string;
  resource?: string;
  for?: string;
}

/** Adds `key deposit` and `key list`. */
export function addKeyCommands(program: Command, session: Session): void {
  const key = program.command('key').description('deposited provider keys');
  key
    .command('list')
    .description('the keys of a user, newest first')
    .requiredOption('--user <user>', 'email address or id')
    .action((options: { readonly user: string }) => list(options.user, session));
  key
    .command('deposit')
    .description('deposit a key for a user; the key is the first line of standard input')
    .requiredOption('--user <user>', 'email address or id')
    .requiredOption('--provider <name>', 'whose key it is, such as openai')
    .option('--name <name>', 'what the user sees it as')
    .option('--organization <id>', 'bill to this organisation')
    .option('--project <id>', 'bill to this project')
    .option(
      '--resource <name>',
      'what the key is for, where a provider gives each account an address of its own',
    )
    .addOption(
      new Option('--for <days>', 'keep it for so long, instead of until it is deleted').choices(
        daysToKeep.map((days) => `${days}d`),
      ),
    )
    .action((options: DepositOptions) => deposit(options, session));
}

async function list(userName: string, session: Session): Promise<void> {
  const credentials = await withDeps(session, async (deps) => {
    const user = await requireUser(deps, userName);
    return deps.store.credentials.listCredentials(user.id);
  });
  const keys = credentials.map(({ id, provider, name, last4, status, exhaustedAt }) => ({
    key_id: id,
    provider,
    name,
    last4,
    status: status !== 'invalid' && exhaustedAt !== null ? 'exhausted' : status,
  }));
  session.show(
    { keys },
    keys.length === 0
      ? ['There are no keys.']
      : // Their names are what users have typed, and may hold anything.
        keys.map(({ key_id, provider, last4, status }) =>
          [key_id, status, provider, `ending ${last4}`].join('  '),
        ),
  );
}

async function deposit(options: DepositOptions, session: Session): Promise<void> {
  const pasted = await firstInputLine(session);
  if (pasted.trim() === '') {
    throw new CommandError(
      'Give the key as the first line of standard input, so that no list of processes shows it.',
    );
  }
  const result = await withDeps(
    session,
    async (deps) => {
      const user = await requireUser(deps, options.user);
      const deposited = {
        userId: user.id,
        provider: options.provider,
        pasted,
        name: options.name ?? null,
        organization: options.organization ?? null,
        project: options.project ?? null,
        resource: options.resource ?? null,
        life: options.for ? forDays(Number.parseInt(options.for, 10), deps.clock()) : untilDeleted,
      };
      return depositKey(deps, deposited, { kind: 'command_line' });
    },
    'providers',
  );
  if (result.kind === 'refused') throw new CommandError(result.advice);
  const { id, provider, fingerprint, last4, status, expiresAt } = result.credential;
  const from = findProvider(provider);
  const abilities = from && abilitiesInWords(from, result.credential.abilities);
  const life = expiresAt === null ? {} : { expires_at: new Date(expiresAt).toISOString() };
  session.show({ key_id: id, provider, fingerprint, last4, verified: status === 'verified', ...life }, [
    `Deposited ${id} (${provider}, ending ${last4}), ${status}.`,
    ...(life.expires_at ? [`It is kept until ${life.expires_at}.`] : []),
    ...(abilities ? [`It ${abilities}.`] : []),
    ...(result.note ? [result.note] : []),
  ]);
}
