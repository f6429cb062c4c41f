import { readFileSync } from 'node:fs';
import { Argument, type Command, Option } from 'commander';
import { lendKey, withdrawKey } from '../grants/lend_key.ts';
import { registerClient } from '../grants/registration.ts';
import { type Moderation, moderations } from '../store/moderation.ts';
import type { ClientType } from '../store/records.ts';
import { requireClient, requireKey, requireUser } from './find.ts';
import { CommandError, type Session, withDeps } from './session.ts';

interface CreateOptions {
  owner: string;
  name: string;
  redirectUri: string[];
  type: ClientType;
  scope: string;
  jwks?: string;
}

/** As many as `app list` shows. */
const mostApps = 1000;

/** Adds `app list`, `app create`, `app pay` and `app moderation`. */
export function addAppCommands(program: Command, session: Session): void {
  const app = program.command('app').description('registered apps');
  app
    .command('list')
    .description(`the ${mostApps} newest apps, those that wait for verification first`)
    .action(() => list(session));
  app
    .command('pay')
    .description("have an app pay with a key of its owner's for people without one, or stop it")
    .requiredOption('--client <id>', 'the app')
    .option('--key <id>', 'the key, in the place of another of the same provider')
    .option('--when-used-up', 'with --key: also for people whose limit in dollars is used up')
    .option('--provider <name>', 'with --stop: whose key')
    .option('--stop', 'pay no more')
    .action((options: PayOptions) => pay(options, session));
  app
    .command('moderation')
    .description("set what is done about harmful content in an app's calls, whatever its owner has chosen")
    .argument('<id>', 'the app')
    .addArgument(
      new Argument(
        '<at-least>',
        'what is done at least: flag puts it on record, block refuses the call',
      ).choices(moderations),
    )
    .action((clientId: string, setting: Moderation) => moderate(clientId, setting, session));
  app
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
    .action((options: CreateOptions) => create(options, session));
}

async function list(session: Session): Promise<void> {
  const views = await withDeps(session, ({ store }) => store.clients.listAllClients(mostApps));
  const apps = views.map(({ client, ownerEmail, users }) => ({
    client_id: client.id,
    name: client.name,
    owner: ownerEmail,
    status: client.status,
    verified: client.verified,
    users,
  }));
  session.show(
    { apps },
    apps.length === 0
      ? ['There are no apps.']
      : apps.map(({ client_id, status, name, owner }) =>
          [client_id, status, name, owner ?? 'without an owner'].join('  '),
        ),
  );
}

interface PayOptions {
  client: string;
  key?: string;
  whenUsedUp?: true;
  provider?: string;
  stop?: true;
}

async function pay(options: PayOptions, session: Session): Promise<void> {
  const { client: clientId, key, whenUsedUp = false, provider, stop = false } = options;
  const isClear = stop
    ? provider !== undefined && key === undefined && !whenUsedUp
    : key !== undefined && provider === undefined;
  if (!isClear) throw new CommandError('Name a --key to pay with, or a --provider and --stop.');
  const actor = { kind: 'command_line' } as const;
  await withDeps(session, async (deps) => {
    const client = await requireClient(deps, clientId);
    if (stop) {
      if (await withdrawKey(deps, client.id, provider ?? '', actor)) return;
      throw new CommandError(`${client.name} does not pay for ${provider}.`);
    }
    const { id } = await requireKey(deps, key ?? '');
    if (!(await lendKey(deps, client.id, id, actor))) {
      throw new CommandError(`An app pays with keys of its owner only, and ${id} is none of these.`);
    }
    await deps.store.clients.updateClient(client.id, { paysWhenUsedUp: whenUsedUp }, actor);
  });
  const terms = stop
    ? { client_id: clientId, provider, pays: false }
    : { client_id: clientId, key_id: key, pays: true, when_used_up: whenUsedUp };
  session.show(terms, [
    stop
      ? `${clientId} pays for ${provider} no more.`
      : `${clientId} pays with ${key} for people without a key${whenUsedUp ? ', and when their limit is used up' : ''}.`,
  ]);
}

async function moderate(id: string, requiredModeration: Moderation, session: Session): Promise<void> {
  await withDeps(session, async (deps) => {
    const client = await requireClient(deps, id);
    await deps.store.clients.updateClient(client.id, { requiredModeration }, { kind: 'command_line' });
  });
  session.show({ client_id: id, required_moderation: requiredModeration }, [
    `What is done about harmful content in the calls of ${id}, at least: ${requiredModeration}.`,
  ]);
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

async function create(options: CreateOptions, session: Session): Promise<void> {
  const { name, type, scope, redirectUri: redirectUris } = options;
  const jwks = options.jwks === undefined ? null : readFileSync(options.jwks, 'utf8');
  const result = await withDeps(session, async (deps) => {
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
  session.show({ client_id: client.id, ...(secret === null ? {} : { client_secret: secret }) }, [
    `Registered ${client.id} (${client.name}).`,
    ...(secret === null ? [] : [`Client secret, shown this once: ${secret}`]),
  ]);
}
