import type { Handler } from 'hono';
import { getCookie } from 'hono/cookie';
import { browserCookie, sessionCookie } from '../accounts/cookies.ts';
import { findSignedIn } from '../accounts/session.ts';
import type { Deps } from '../deps.ts';
import { consentPath, deviceDonePath } from '../grants/hand_over.ts';
import { sha256 } from '../lib/hash.ts';
import { newToken } from '../lib/ids.ts';
import type { AuthorizationRequest } from '../store/records.ts';
import { errorPage } from './error_page.ts';
import { asOAuthError, OAuthError } from './errors.ts';
import { logRefusal } from './log.ts';
import { clientRedirect, type Destination } from './redirect.ts';
import { isRegisteredRedirectUri } from './redirect_uri.ts';

/** Life of a code in seconds: it is redeemed at once, and lies in the browser's history until then (OAuth 2.1 §4.1.2). */
const authorizationCodeLife = 60;

type Outcome =
  | { readonly kind: 'answered'; readonly location: string }
  | { readonly kind: 'undecided' }
  | { readonly kind: 'untrusted'; readonly error: OAuthError };

interface Browser {
  readonly hash: string;
  readonly sessionToken: string | undefined;
}

/**
 * Turns the recorded decision into the redirect to the app, once, for the browser and the user that the decision is from.
 * After one about a device the person is told to go back to it.
 */
export function resume(deps: Deps): Handler {
  const browser = browserCookie(deps.config);
  const session = sessionCookie(deps.config);
  return async (c) => {
    const requestId = c.req.param('id') ?? '';
    const outcome = await answer(deps, requestId, {
      hash: sha256(getCookie(c, browser.name) ?? ''),
      sessionToken: getCookie(c, session.name),
    });
    switch (outcome.kind) {
      case 'answered':
        return c.redirect(outcome.location, 303);
      case 'undecided':
        return c.redirect(consentPath(requestId), 303);
      case 'untrusted': {
        const page = await errorPage(outcome.error);
        return c.html(page.html, page.status, page.headers);
      }
    }
  };
}

async function answer(deps: Deps, requestId: string, browser: Browser): Promise<Outcome> {
  const { issuer } = deps.config;
  let destination: Destination | undefined;
  try {
    const request = await deps.store.authorizations.findRequest(requestId);
    // Another browser learns no more than that there is nothing here for it (OAuth 2.1 §7.10).
    if (!request || request.browserHash !== browser.hash)
      throw over('unknown, expired or of another browser');
    if (request.decision === null) return { kind: 'undecided' };
    const { redirectUri, state } = request;
    // A device asks by itself; the person has nowhere to go back to.
    if (redirectUri === null) return { kind: 'answered', location: deviceDonePath };
    const client = await deps.store.clients.findClient(request.clientId);
    // The app may have been deleted, or have taken the address back, while the person was deciding.
    if (client?.status !== 'active' || !isRegisteredRedirectUri(client, redirectUri)) {
      throw over('the client is not what it was');
    }
    destination = { redirectUri, state };
    const decided = request.decision === 'approved' ? approved : denied;
    const result = await decided(deps, request, browser);
    return { kind: 'answered', location: clientRedirect(issuer, destination, result) };
  } catch (thrown) {
    const error = asOAuthError(thrown);
    logRefusal(deps.log, 'resume', error);
    return destination && error.code === 'temporarily_unavailable'
      ? { kind: 'answered', location: clientRedirect(issuer, destination, error) }
      : { kind: 'untrusted', error };
  }
}

async function approved(
  deps: Deps,
  { id, userId }: AuthorizationRequest,
  { hash, sessionToken }: Browser,
): Promise<{ readonly code: string }> {
  const signedIn = await findSignedIn(deps, sessionToken);
  if (!signedIn || signedIn.user.id !== userId) throw over('somebody else is signed in now');
  const code = newToken('ccac');
  const stored = { hash: sha256(code), expiresAt: deps.clock() + authorizationCodeLife * 1000 };
  const issued = await deps.store.authorizations.issueCode(id, hash, signedIn.user.id, stored);
  if (!issued) throw over('the code has been issued before');
  return { code };
}

async function denied(deps: Deps, { id }: AuthorizationRequest, { hash }: Browser): Promise<OAuthError> {
  const finished = await deps.store.authorizations.finishDenied(id, hash);
  if (!finished) throw over('the refusal has been passed on before');
  return new OAuthError('access_denied', 'The user said no.');
}

function over(detail: string): OAuthError {
  return new OAuthError(
    'invalid_request',
    'This request is over: it has expired, has been answered already, or was begun in another browser.',
    { detail },
  );
}
