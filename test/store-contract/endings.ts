import type { Store } from '../../src/store/store.ts';
import { operator, type Party } from './world.ts';

/** A party and the grant between them. */
type Granted = Party & { readonly grantId: string };

/** Everything that ends what tokens and codes stand on, and how it comes about. */
export const endings: readonly (readonly [string, (store: Store, granted: Granted) => Promise<unknown>])[] = [
  ['the grant was revoked', ({ grants }, { grantId }) => grants.revokeGrant(grantId, 'user', operator)],
  [
    'the user was suspended',
    ({ accounts }, { user }) => accounts.setUserStatus(user.id, 'suspended', operator),
  ],
  [
    'the client was suspended',
    ({ clients }, { client }) => clients.setClientStatus(client.id, 'suspended', operator),
  ],
  ['the client was deleted', ({ clients }, { client }) => clients.deleteClient(client.id, operator)],
  [
    'the key was deleted',
    ({ credentials }, { credential }) => credentials.deleteCredential(credential.id, operator),
  ],
  ['the password was changed', ({ accounts }, { user }) => accounts.changePassword(user.id, 'x', operator)],
];
