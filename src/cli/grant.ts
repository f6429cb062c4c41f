import type { Command } from 'commander';
import { providersOfScopes } from '../catalog/catalog.ts';
import { splitScope, unknownScopes } from '../catalog/scope.ts';
import { createGrant } from '../grants/create.ts';
import { revokeGrant } from '../grants/revoke.ts';
import type { ProviderAccess } from '../store/records.ts';
import { grantStatus } from '../store/standing.ts';
import { requireClient, requireUser } from './find.ts';
import { addLimitOptions, type LimitOptions, limitsOf } from './limits.ts';
import { CommandError, type Session, withDeps } from './session.ts';

/** Adds `grant create`, `grant list` and `grant revoke`. */
export function addGrantCommands(program: Command, session: Session): void {
  const grant = program.command('grant').description('what users allow apps');
  addLimitOptions(
    grant
      .command('create')
      .description('make or replace a grant and print its first tokens')
      .requiredOption('--user <user>', 'email address or id')
      .requiredOption('--client <id>', 'the app')
      .requiredOption('--scope <scopes>', 'what it may do, such as "openai:text openai:embeddings"'),
  ).action((options: CreateOptions) => create(options, session));
  grant
    .command('list')
    .description('all grants, newest first')
    .action(() => list(session));
  grant
    .command('revoke')
    .description('end a grant at once')
    .argument('<id>', 'the grant, such as grt_…')
    .action((id: string) => revoke(id, session));
}

interface CreateOptions extends LimitOptions {
  readonly user: string;
  readonly client: string;
  readonly scope: string;
}

async function create(options: CreateOptions, session: Session): Promise<void> {
  const unknown = unknownScopes(options.scope);
  const scopes = splitScope(options.scope);
  if (unknown.length > 0) throw new CommandError(`There is no scope ${unknown.join(', ')}.`);
  if (scopes.length === 0) throw new CommandError('Name at least one scope, such as --scope "openai:text".');
  const authorizationDetails = limitsOf(options, scopes);
  const result = await withDeps(session, async (deps) => {
    const user = await requireUser(deps, options.user);
    const client = await requireClient(deps, options.client);
    const registered = splitScope(client.scope);
    const beyond = scopes.filter((scope) => !registered.includes(scope));
    if (beyond.length > 0) {
      throw new CommandError(`${client.name} is not registered for ${beyond.join(', ')}.`);
    }
    const choice = {
      userId: user.id,
      clientId: client.id,
      test: false,
      scopes,
      toldOfPayer: providersOfScopes(scopes).map(({ name }) => name),
      expiresAt: null,
      authorizationDetails,
      credentialIds: [],
    };
    return createGrant(deps, choice, { kind: 'command_line' });
  });
  if (result.kind === 'no_credential') {
    throw new CommandError(
      `${options.user} has no key for ${result.provider.title}. Deposit one with \`key deposit\`.`,
    );
  }
  const { grant_id, access_token, refresh_token, expires_in, scope } = result.tokens;
  const limits = withDetails(authorizationDetails);
  session.show({ grant_id, access_token, refresh_token, expires_in, scope, ...limits }, [
    `Grant ${grant_id} for ${scope}.`,
    ...authorizationDetails.map((detail) => `Limited: ${JSON.stringify(detail)}`),
    `Access token (${expires_in} s): ${access_token}`,
    `Refresh token: ${refresh_token}`,
  ]);
}

/** Limits as they are shown in JSON: where there are none, nothing. */
function withDetails(details: readonly ProviderAccess[]) {
  return details.length > 0 && { authorization_details: details };
}

async function list(session: Session): Promise<void> {
  const views = await withDeps(session, ({ store }) => store.grants.listGrants({}));
  const grants = views.map((view) => ({
    grant_id: view.grant.id,
    user_id: view.grant.userId,
    client_id: view.client.id,
    scope: view.grant.scope,
    status: grantStatus(view.grant, Date.now()),
    ...withDetails(view.grant.authorizationDetails),
  }));
  session.show(
    { grants },
    grants.length === 0
      ? ['There are no grants.']
      : grants.map(({ grant_id, status, user_id, client_id, scope }) =>
          [grant_id, status, user_id, client_id, scope].join('  '),
        ),
  );
}

async function revoke(id: string, session: Session): Promise<void> {
  const revoked = await withDeps(session, (deps) =>
    revokeGrant(deps, id, 'operator', { kind: 'command_line' }),
  );
  if (!revoked) throw new CommandError(`There is no grant ${id}. \`grant list\` shows them.`);
  const revokedAt = new Date(revoked.revokedAt).toISOString();
  session.show({ grant_id: id, revoked_at: revokedAt }, [
    revoked.already ? `${id} was revoked at ${revokedAt} already.` : `Revoked ${id}.`,
  ]);
}
