import { providersOfScopes } from '../catalog/catalog.ts';
import { joinScope, splitScope } from '../catalog/scope.ts';
import { approve } from '../grants/consent.ts';
import { resumePath } from '../grants/hand_over.ts';
import { paysFor, pickCredentials } from '../grants/terms.ts';
import { strictest } from '../store/moderation.ts';
import type { AuthorizationRequest, Client, ProviderAccess, User } from '../store/records.ts';
import { unverifiedUserLimit } from '../store/trust.ts';
import { answerTarget } from './answer_target.ts';
import { type Complaints, isInvalid } from './components/form.tsx';
import { Consent, lifeOf, lives, toldOfPayer } from './consent_form.tsx';
import { contentSecurityPolicy } from './headers.ts';
import { firstTexts, readLimits, typedTexts } from './limits.ts';
import type { PageContext } from './page.ts';
import { problem } from './problem.tsx';

import { withNext } from './return_path.ts';

/** What the person has chosen so far. */
interface Choice {
  readonly scopes: readonly string[];
  readonly keyIds: readonly string[];
  readonly life: string;
}

/** Shows what a stored authorization request asks for. */
export async function showConsent(c: PageContext) {
  const found = await findOpen(c);
  if (found instanceof Response) return found;
  return consentPage(c, found, null, {});
}

/** Records the decision. What is allowed comes from the stored request, which the form only narrows; the limits are the user's. */
export async function submitConsent(c: PageContext) {
  const found = await findOpen(c);
  if (found instanceof Response) return found;
  const { deps, visitor, form } = c.var;
  const { request, user } = found;
  if (form.get('decision') !== 'approve') {
    await deps.store.grants.deny(request.id, visitor.browserHash, user.id);
    return c.redirect(resumePath(request.id), 303);
  }
  const choice = {
    scopes: splitScope(request.scope).filter((scope) => form.getAll('scope').includes(scope)),
    keyIds: form.getAll('key'),
    life: form.get('life') ?? '',
  };
  const limits = readLimits(form, choice.scopes);
  const complaints = { ...(await complaintsAbout(c, choice, found)), ...limits.complaints };
  if (isInvalid(complaints)) return consentPage(c, found, choice, complaints);
  const result = await approve(deps, request, visitor.browserHash, {
    userId: user.id,
    scopes: choice.scopes,
    authorizationDetails: limits.details,
    toldOfPayer: form.getAll(toldOfPayer),
    expiresAt: endOf(choice.life, deps.clock()),
    credentialIds: choice.keyIds,
  });
  if (result.kind === 'no_credential') {
    return consentPage(c, found, choice, {
      [`${result.provider.name}_key`]: `You have no key for ${result.provider.title} yet. Add one first.`,
    });
  }
  if (result.kind === 'too_many_users') return notOpenToMore(c);
  // Not open any more means decided meanwhile, by a second click: the first decision is the one that resumes.
  return c.redirect(resumePath(request.id), 303);
}

interface Open {
  readonly request: AuthorizationRequest;
  readonly client: Client;
  readonly user: User;
}

/** The request, if it waits for this browser's decision and somebody is signed in; else the answer that helps on. */
async function findOpen(c: PageContext): Promise<Open | Response> {
  const { deps, visitor } = c.var;
  const request = await deps.store.authorizations.findRequest(c.req.param('id') ?? '');
  if (!request) {
    return startAgain(
      c,
      410,
      'This request has expired',
      'It waited too long for an answer, or was answered already.',
    );
  }
  if (request.browserHash !== visitor.browserHash) {
    return startAgain(
      c,
      403,
      'This request belongs to another browser',
      'Somebody started it elsewhere; only the browser that started it can answer. If a stranger sent you this link, close it.',
    );
  }
  if (!visitor.user) return c.redirect(withNext('/sign-in', c.req.path), 303);
  if (request.decision !== null) {
    // A second click on the same form goes where the first one went.
    if (c.req.method === 'POST') return c.redirect(resumePath(request.id), 303);
    return startAgain(c, 410, 'You have answered this already', 'Your answer is on its way to the app.');
  }
  const client = await deps.store.clients.findClient(request.clientId);
  if (client?.status !== 'active') {
    return startAgain(c, 410, 'This app is gone', 'It has been deleted or suspended since it sent you here.');
  }
  // The app may ask for less now than when it asked.
  const registered = splitScope(client.scope);
  const scope = joinScope(splitScope(request.scope).filter((one) => registered.includes(one)));
  return { request: { ...request, scope }, client, user: visitor.user };
}

function startAgain(c: PageContext, status: 403 | 410, title: string, reason: string) {
  return problem(
    c,
    status,
    title,
    <>
      <p>{reason} Nothing has been shared by this page.</p>
      <p>To connect the app, go back to it and start again.</p>
      <a class="button quiet" href="/apps">
        See your connected apps
      </a>
    </>,
  );
}

function notOpenToMore(c: PageContext) {
  return problem(
    c,
    403,
    'This app is not open to more people yet',
    <>
      <p>
        Nobody here has checked it, and until somebody does it is for {unverifiedUserLimit} people at once.
        Nothing has been shared with it. Whoever makes it can ask the operator of this site to verify it.
      </p>
      <p>To go back to the app without connecting it, open the request again and cancel.</p>
      <a class="button quiet" href={c.req.path}>
        Open the request
      </a>
    </>,
  );
}

async function complaintsAbout(
  c: PageContext,
  { scopes, keyIds, life }: Choice,
  { request, user }: Open,
): Promise<Complaints> {
  const first = providersOfScopes(splitScope(request.scope))[0]?.name;
  const own = await c.var.deps.store.credentials.listCredentials(user.id);
  return {
    [`${first}_scope`]:
      scopes.length === 0 ? 'Tick at least one thing that the app may do, or cancel.' : null,
    [`${first}_key`]: keyIds.some((id) => !own.some((credential) => credential.id === id))
      ? 'A key that you chose is not there any more. Choose again.'
      : null,
    life: Object.hasOwn(lives, life) ? null : 'Choose for how long.',
  };
}

function endOf(life: string, now: number): number | null {
  const days = lives[life]?.days ?? null;
  return days === null ? null : now + days * 86_400_000;
}

async function consentPage(
  c: PageContext,
  { request, client, user }: Open,
  choice: Choice | null,
  complaints: Complaints,
) {
  const { deps, visitor } = c.var;
  const [credentials, lent, live] = await Promise.all([
    deps.store.credentials.listCredentials(user.id),
    deps.store.credentials.listHeldBy(client.id),
    deps.store.grants.findLiveGrant(user.id, client.id, false),
  ]);
  const inUse = live ? await deps.store.credentials.listHeldBy(live.id) : [];
  const keyIds = choice?.keyIds.length ? choice.keyIds : inUse.map(({ id }) => id);
  const asked = splitScope(request.scope);
  const target = answerTarget(request);
  const { moderation, requiredModeration } = client;
  const isModerated = strictest(deps.config.moderation, moderation, requiredModeration) !== 'off';
  c.header('Content-Security-Policy', contentSecurityPolicy(target.formActions));
  return c.html(
    <Consent
      visitor={visitor}
      path={c.req.path}
      user={user}
      client={client}
      target={target}
      live={live}
      ticked={choice?.scopes ?? asked}
      life={choice?.life ?? (live ? lifeOf(live) : 'month')}
      judges={providersOfScopes(asked).filter((provider) => isModerated && provider.moderation)}
      complaints={complaints}
      providers={providersOfScopes(asked).map((provider) => {
        const scopes = provider.scopes.filter(({ scope }) => asked.includes(scope));
        const wanted = { scopes: scopes.map(({ scope }) => scope), test: false, credentialIds: keyIds };
        const pick = pickCredentials(credentials, wanted, lent);
        const isOf = (access: ProviderAccess) => access.provider === provider.name;
        const proposed = request.authorizationDetails.find(isOf);
        const held = live?.authorizationDetails.find(isOf);
        return {
          provider,
          proposed,
          limits: choice ? typedTexts(c.var.form, provider.name) : firstTexts(proposed, held),
          scopes,
          keys: credentials.filter((credential) => credential.provider === provider.name),
          chosen: pick.kind === 'picked' ? (pick.credentials[0]?.id ?? '') : '',
          isPaidFor: paysFor(lent, provider, wanted),
        };
      })}
    />,
    isInvalid(complaints) ? 422 : 200,
  );
}
