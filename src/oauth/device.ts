import { joinScope } from '../catalog/scope.ts';
import { devicePath } from '../grants/hand_over.ts';
import { isConfidential } from '../grants/registration.ts';
import { newUserCode } from '../grants/user_code.ts';
import { sha256 } from '../lib/hash.ts';
import { newToken } from '../lib/ids.ts';
import { OAuthError } from './errors.ts';
import { countRequest } from './limits.ts';
import type { Operation } from './operation.ts';
import { requestedAccess } from './steps/check_authorization_details.ts';
import { firstFault } from './steps.ts';

/** Seconds for somebody to fetch a phone, sign in and decide. */
const deviceCodeLife = 900;

/** Seconds between two polls (RFC 8628 §3.2). */
const pollInterval = 5;

/** The device authorization endpoint (RFC 8628 §3.1): a device that has no browser asks, and tells its user where to go. */
export const startDevice: Operation = async (deps, { client, parameters, address }) => {
  const { store, clock } = deps;
  const { issuer } = deps.config;
  // What an app in a browser proves itself by is its redirect URI, and here there is none.
  if (client.type === 'spa') {
    throw new OAuthError('unauthorized_client', 'Apps that run in a browser cannot use the device flow.');
  }
  const asked = { issuer, client, parameters, isPushed: true, signedIn: false };
  const fault = firstFault('device', asked);
  if (fault) throw fault;
  const refusal =
    !isConfidential(client) && (await countRequest(deps, 'device', { clientId: client.id, address }));
  if (refusal) throw refusal;
  const deviceCode = newToken('ccdc');
  const access = requestedAccess(asked);
  if (access instanceof OAuthError) throw access;
  const start = (userCode: string) =>
    store.devices.startDevice({
      deviceCodeHash: sha256(deviceCode),
      userCodeHash: sha256(userCode),
      clientId: client.id,
      scope: joinScope(access.scopes),
      authorizationDetails: access.authorizationDetails,
      interval: pollInterval,
      expiresAt: clock() + deviceCodeLife * 1000,
    });
  let userCode = newUserCode();
  while (!(await start(userCode))) userCode = newUserCode();
  return {
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: issuer + devicePath,
    verification_uri_complete: `${issuer}${devicePath}?user_code=${userCode}`,
    expires_in: deviceCodeLife,
    interval: pollInterval,
  };
};
