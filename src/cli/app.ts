import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { registerClient } from '../grants/registration.ts';
import type { ClientType } from '../store/records.ts';
import { requireUser } from './find.ts';
import { CommandError, type Output, withDeps } from './session.ts';

interface CreateOptions {
  owner: string;
  name: string;
  redirectUri: string[];
  type: ClientType;
  scope: string;
  jwks?: string;
}

/** Adds `app create`. */
export function addAppCommands(program: Command, output: Output): void {
  program
    .command('app')
    .description('registered apps')
    .command('create')
    .description('register an app; the secret of a web app is shown this once')
    .requiredOption('--owner <user>', 'email address or id of the developer')
    .requiredOption('--name <name>', 'what users see')
    .requiredOption('--redirect-uri <uri>', 'where users come back to; may be repeated', collect)
    .addOption(
      new Option('--type <type>', 'web is confidential, spa and native are public')
        .choices(['web', 'spa', 'native'])
        .default('web'),
    )
    .option('--scope <scopes>', 'the most it may ask for; everything when left out', '')
    .option(
      '--jwks <file>',
      'public keys (a JWK Set) that a web app proves itself with, in place of a secret',
    )
    .action((options: CreateOptions) => create(options, output));
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

async function create(options: CreateOptions, output: Output): Promise<void> {
  const { name, type, scope, redirectUri: redirectUris } = options;
  const jwks = options.jwks === undefined ? null : readFileSync(options.jwks, 'utf8');
  const result = await withDeps(async (deps) => {
    const owner = await requireUser(deps, options.owner);
    return registerClient(
      deps,
      owner.id,
      { name, type, redirectUris, scope, jwks },
      { kind: 'command_line' },
    );
  });
  if (result.kind === 'refused') throw new CommandError(result.complaint);
  const { client, secret } = result;
  output.show({ client_id: client.id, ...(secret === null ? {} : { client_secret: secret }) }, [
    `Registered ${client.id} (${client.name}).`,
    ...(secret === null ? [] : [`Client secret, shown this once: ${secret}`]),
  ]);
}
