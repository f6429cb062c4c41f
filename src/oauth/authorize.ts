import type { HttpBindings } from '@hono/node-server';
import type { Handler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { browserCookie, sessionCookie } from '../accounts/cookies.ts';
import { findSignedIn } from '../accounts/session.ts';
import { joinScope } from '../catalog/scope.ts';
import type { Deps } from '../deps.ts';
import { consentPath, resumePath } from '../grants/hand_over.ts';
import { findSilentConsent, type SilentConsent } from '../grants/silent_consent.ts';
import { clientAddress } from '../lib/client_address.ts';
import { sha256 } from '../lib/hash.ts';
import { newId, newToken } from '../lib/ids.ts';
import type { NewAuthorizationRequest } from '../store/contract/authorizations.ts';
import type { Client } from '../store/records.ts';
import { findBeginningClient } from './client_document.ts';
import { errorPage } from './error_page.ts';
import { asOAuthError, OAuthError } from './errors.ts';
import { countRequest } from './limits.ts';
import { logRefusal } from './log.ts';
import { type Parameters, parseParameters } from './parameters.ts';
import { recipientOf } from './recipient.ts';
import { clientRedirect, type Destination } from './redirect.ts';
import { tokenOfRequestUri } from './request_uri.ts';
import { requestedAccess } from './steps/check_authorization_details.ts';
import { promptsOf } from './steps/check_prompt.ts';
import type { Asked } from './steps/step.ts';
import { firstFault } from './steps.ts';

/**
 * How long, in seconds, a person may take from the app's button to the decision. Long enough to sign up and to fetch a
 * key from a provider on the way; outside the browser that began it the stored request is of no use.
 */
const authorizationRequestLife = 1800;

type Outcome =
  /** And where the browser goes on. */
  | { readonly kind: 'saved'; readonly next: string }
  | { readonly kind: 'refused'; readonly error: OAuthError; readonly destination: Destination }
  /** Not known whose request it is: the error is for the person's eyes only. */
  | { readonly kind: 'untrusted'; readonly error: OAuthError; readonly redirectUri: string | undefined };

/**
 * The authorization endpoint (OAuth 2.1 §4.1.1): checks the request, saves it for this browser and sends the browser on
 * to the consent page, or straight to where answers are given if nobody has to be asked. Nothing is issued here.
 */
export function authorize(deps: Deps): Handler<{ Bindings: HttpBindings }> {
  const { issuer } = deps.config;
  const browser = browserCookie(deps.config);
  const session = sessionCookie(deps.config);
  return async (c) => {
    const { incoming } = c.env;
    const knownBrowser = getCookie(c, browser.name);
    const browserToken = knownBrowser || newToken('ccbr');
    const outcome = await receive(deps, {
      query: c.req.url.split('?').slice(1).join('?'),
      browserHash: sha256(browserToken),
      sessionToken: getCookie(c, session.name),
      address: clientAddress(
        incoming.socket.remoteAddress,
        c.req.header('x-forwarded-for'),
        deps.config.isTrustedProxy,
      ),
    });
    switch (outcome.kind) {
      case 'saved':
        if (!knownBrowser) setCookie(c, browser.name, browserToken, browser.attributes);
        return c.redirect(outcome.next, 303);
      case 'refused':
        return c.redirect(clientRedirect(issuer, outcome.destination, outcome.error), 303);
      case 'untrusted': {
        const page = await errorPage(outcome.error, outcome.redirectUri);
        return c.html(page.html, page.status, page.headers);
      }
    }
  };
}

interface Received {
  readonly query: string;
  readonly browserHash: string;
  readonly sessionToken: string | undefined;
  /** Network address, for the rate limit. */
  readonly address: string;
}

async function receive(deps: Deps, received: Received): Promise<Outcome> {
  const { query, browserHash, sessionToken, address } = received;
  const sent = parseParameters(query);
  const clientId = sent?.one('client_id');
  let redirectUri = sent?.one('redirect_uri');
  let destination: Destination | undefined;
  const refuse = (error: OAuthError, to?: Destination): Outcome => {
    logRefusal(deps.log, 'authorize', error, clientId);
    return to ? { kind: 'refused', error, destination: to } : { kind: 'untrusted', error, redirectUri };
  };
  try {
    if (!sent) throw new OAuthError('invalid_request', 'The query is not properly encoded.');
    const pushed = await findPushed(deps, sent, browserHash);
    if (pushed?.openRequestId) return { kind: 'saved', next: consentPath(pushed.openRequestId) };
    const parameters = pushed?.parameters ?? sent;
    redirectUri = parameters.one('redirect_uri');
    const client = clientId === undefined ? null : await findBeginningClient(deps, clientId, address);
    const recipient = recipientOf(client, parameters);
    if (recipient.kind === 'unknown') throw recipient.error;
    const userId = (await findSignedIn(deps, sessionToken))?.user.id;
    const signedIn = userId !== undefined;
    if (signedIn || isAnsweredFor(recipient.client)) destination = recipient.destination;
    const isPushed = pushed !== null;
    const asked = { issuer: deps.config.issuer, client: recipient.client, parameters, isPushed, signedIn };
    const fault = firstFault('authorize', asked);
    if (fault) throw fault;
    const tooMany = signedIn
      ? null
      : await countRequest(deps, 'authorize', { clientId: recipient.client.id, address });
    // A page: an app might send the browser right back.
    if (tooMany) return refuse(tooMany);
    const request = requestOf(deps, asked, recipient.destination, browserHash);
    const prompts = promptsOf(parameters);
    const wantsNoPage = prompts.includes('none');
    const silent =
      userId !== undefined && (wantsNoPage || prompts.length === 0)
        ? await findSilentConsent(deps, userId, recipient.client, request)
        : ({ kind: 'to_ask' } as const);
    if (wantsNoPage && silent.kind !== 'allowed') throw toBeAsked(silent.kind);
    const { authorizations, grants } = deps.store;
    if (!(await authorizations.saveRequest(request, pushed?.hash ?? null))) return refuse(pushedIsOver());
    const isApproved =
      silent.kind === 'allowed' && (await grants.approveWithin(request.id, browserHash, silent.grant));
    // The grant may have changed in this very moment.
    if (wantsNoPage && !isApproved) throw toBeAsked('to_ask');
    return { kind: 'saved', next: isApproved ? resumePath(request.id) : consentPath(request.id) };
  } catch (thrown) {
    return refuse(asOAuthError(thrown), destination);
  }
}

/**
 * Whether somebody here has registered the client or vouches for it. For any other, an error is no reason to send a
 * stranger on: whoever can write a document or a registration could make a redirector of us (OAuth 2.1 §7.13.2).
 */
function isAnsweredFor({ ownerId, verified }: Client): boolean {
  return ownerId !== null || verified;
}

/** What the client has pushed, if the query refers to it. Everything else in the query is left out of account then. */
async function findPushed({ store }: Deps, sent: Parameters, browserHash: string) {
  const token = tokenOfRequestUri(sent.one('request_uri') ?? '');
  if (token === null) return null;
  const hash = sha256(token);
  const pushed = await store.authorizations.findPushedRequest(hash);
  const parameters = pushed && parseParameters(pushed.parameters);
  // RFC 9126 §7.3: a reference is of use to nobody but the client that it was given to.
  if (!pushed || !parameters || pushed.clientId !== sent.one('client_id')) throw pushedIsOver();
  if (pushed.requestId === null) return { hash, parameters, openRequestId: null };
  // It works once. A browser that loads the address again is sent on to what it has become (RFC 9126 §4).
  const request = await store.authorizations.findRequest(pushed.requestId);
  if (request?.browserHash !== browserHash || request.decision !== null) throw pushedIsOver();
  return { hash, parameters, openRequestId: request.id };
}

function pushedIsOver(): OAuthError {
  return new OAuthError(
    'invalid_request',
    'request_uri is not good any more: it has expired, has been used, or was given to another app.',
  );
}

/** Why there is no answer without a page (OpenID Connect Core §3.1.2.6). */
function toBeAsked(why: Exclude<SilentConsent['kind'], 'allowed'>): OAuthError {
  return why === 'key_missing'
    ? new OAuthError('interaction_required', 'The user has to choose another key; leave out prompt=none.')
    : new OAuthError('consent_required', 'The user has to see the consent page; leave out prompt=none.');
}

/** The request as it waits for a decision. */
function requestOf(
  { clock }: Pick<Deps, 'clock'>,
  asked: Asked,
  destination: Destination,
  browserHash: string,
): NewAuthorizationRequest {
  const { client, parameters } = asked;
  const access = requestedAccess(asked);
  if (access instanceof OAuthError) throw access;
  return {
    id: newId('arq', clock()),
    clientId: client.id,
    ...destination,
    scope: joinScope(access.scopes),
    authorizationDetails: access.authorizationDetails,
    codeChallenge: parameters.one('code_challenge') ?? '',
    dpopThumbprint: parameters.one('dpop_jkt') ?? null,
    browserHash,
    expiresAt: clock() + authorizationRequestLife * 1000,
  };
}
