import { providersOfScopes } from '../catalog/catalog.ts';
import { splitScope } from '../catalog/scope.ts';
import { type CreatedGrant, createGrant } from '../grants/create.ts';
import type { GrantChoice } from '../grants/terms.ts';
import type { Client, User } from '../store/records.ts';
import { depositSandboxKey } from '../vault/sandbox_key.ts';
import { asUser } from './actor.ts';
import { type Complaints, isInvalid } from './components/form.tsx';
import { Notice } from './components/notice.tsx';
import { Snippet } from './components/snippet.tsx';
import { Layout } from './layout.tsx';
import { readLimits } from './limits.ts';
import type { PageContext, Visitor } from './page.ts';
import { notFound } from './problem.tsx';
import { ownClient, registeredAppPage } from './registered_app.tsx';

const day = 86_400_000;

/** Gives a developer a token for their own app on a sandbox key of their own. */
export async function submitTestToken(c: PageContext, user: User) {
  const client = await ownClient(c, user);
  if (!client) return notFound(c);
  const { deps, visitor, form } = c.var;
  const again = (complaints: Complaints) => registeredAppPage(c, client, complaints, { token: form });
  const scopes = splitScope(client.scope).filter((scope) => form.getAll('scope').includes(scope));
  if (scopes.length === 0) {
    return again({ token: 'Tick at least one thing that the token may do.' });
  }
  const limits = readLimits(form, scopes);
  if (isInvalid(limits.complaints)) return again(limits.complaints);
  const result = await mintTestToken(c, {
    userId: user.id,
    clientId: client.id,
    test: true,
    scopes,
    expiresAt: deps.clock() + day,
    authorizationDetails: limits.details,
    toldOfPayer: [],
    credentialIds: [],
  });
  if (result.kind === 'refused') return again({ token: result.advice });
  return c.html(
    <TestToken visitor={visitor} client={client} tokens={result.tokens} issuer={deps.config.issuer} />,
  );
}

/** Mints the token, depositing sandbox keys where there are none yet. */
async function mintTestToken(
  c: PageContext,
  choice: GrantChoice,
): Promise<
  | { readonly kind: 'created'; readonly tokens: CreatedGrant }
  | { readonly kind: 'refused'; readonly advice: string }
> {
  const { deps } = c.var;
  const actor = asUser({ id: choice.userId });
  for (;;) {
    const result = await createGrant(deps, choice, actor);
    if (result.kind === 'created') return result;
    const owner = { userId: choice.userId, provider: result.provider.name };
    const deposited = await depositSandboxKey(deps, owner, actor);
    if (deposited.kind === 'refused') return deposited;
  }
}

function TestToken(props: {
  readonly visitor: Visitor;
  readonly client: Client;
  readonly tokens: CreatedGrant;
  readonly issuer: string;
}) {
  const { visitor, client, tokens, issuer } = props;
  const { access_token: token, expires_in: expiresIn, scope } = tokens;
  return (
    <Layout title="Test token" visitor={visitor} place="developer">
      <a class="back" href={`/developer/${client.id}`}>
        <bdi>{client.name}</bdi>
      </a>
      <h1>Test token</h1>
      <Notice tone="warning">
        <p>
          Copy it now: it is shown this once and works for {Math.round(expiresIn / 60)} minutes. It reaches
          only the sandbox.
        </p>
      </Notice>
      <section class="card">
        <Snippet id="access-token" label="Access token" text={token} />
        <p class="hint">
          Scope: <code>{scope}</code>
        </p>
      </section>
      {providersOfScopes(splitScope(scope)).map(({ name, title, mount, modelsPath, sdkExample }) => (
        <section class="card">
          <h2>{`Call ${title}`}</h2>
          <Snippet
            id={`curl-${name}`}
            label="With curl"
            text={`curl ${issuer}${mount}${modelsPath} \\\n  -H 'Authorization: Bearer ${token}'`}
          />
          <Snippet id={`sdk-${name}`} label="With the SDK" text={sdkExample(issuer + mount, `'${token}'`)} />
        </section>
      ))}
      <p class="hint">
        Its calls appear under <a href="/activity">Activity</a>; you can revoke it under{' '}
        <a href="/apps">Apps</a>.
      </p>
    </Layout>
  );
}
