import { countAttempts } from '../accounts/attempts.ts';
import type { AccountStore } from '../store/contract/accounts.ts';
import { type ErrorCode, OAuthError } from './errors.ts';

interface LimitDeps {
  readonly store: { readonly accounts: AccountStore };
}

/** Who is counted. */
export interface Asking {
  readonly clientId: string;
  /** Network address. */
  readonly address: string;
}

/** What anybody may ask for, and what each time takes room in the store. */
type OpenEndpoint = 'authorize' | 'par' | 'device';

/** Many people may share an address, behind the router of an office or the server of an app. */
const requestWindow = 15 * 60;
const requestsOfApp = 300;
const requestsOfAddress = 1000;
const failureWindow = 5 * 60;
/** Of what somebody may guess at. Tokens also fail that have merely run out. */
const failuresOfApp = { client_auth: 100, token: 300, introspect: 300, revoke: 300 };

/**
 * Counts a request from somebody who has not shown who they are. Narrowest first: one app that goes wild behind an address
 * leaves the others there their share.
 * @returns the refusal when there were too many
 */
export async function countRequest(
  { store }: LimitDeps,
  endpoint: OpenEndpoint,
  { clientId, address }: Asking,
): Promise<OAuthError | null> {
  const retryAfter = await countAttempts(store.accounts, [
    { key: `${endpoint}:${clientId}:${address}`, limit: requestsOfApp, windowSeconds: requestWindow },
    { key: `${endpoint}:${address}`, limit: requestsOfAddress, windowSeconds: requestWindow },
  ]);
  return retryAfter === null ? null : tooMany('temporarily_unavailable', 'requests', retryAfter);
}

/**
 * Counts a wrong secret, code or token. Nothing else counts, so that whoever has the right one is never slowed down by
 * somebody who has not.
 * @param code of the refusal
 * @returns the refusal when there were too many
 */
export async function countFailure(
  { store }: LimitDeps,
  guessed: keyof typeof failuresOfApp,
  { clientId, address }: Asking,
  code: ErrorCode,
): Promise<OAuthError | null> {
  const limit = {
    key: `${guessed}_failed:${clientId}:${address}`,
    limit: failuresOfApp[guessed],
    windowSeconds: failureWindow,
  };
  const retryAfter = await countAttempts(store.accounts, [limit]);
  return retryAfter === null ? null : tooMany(code, 'failed attempts', retryAfter);
}

function tooMany(code: ErrorCode, what: string, retryAfter: number): OAuthError {
  return new OAuthError(code, `Too many ${what} from this network address; wait before the next.`, {
    status: 429,
    retryAfter,
  });
}
