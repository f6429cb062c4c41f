import { expect, test } from 'vitest';
import {
  type Arena,
  actionsOn,
  asUser,
  createClient,
  createGrant,
  createUser,
  found,
  operator,
} from './world.ts';

export function clients(arena: () => Arena): void {
  const clientsOf = () => arena().stores[0].clients;

  test('a registered client is found as it was registered', async () => {
    const { stores, clock } = arena();
    const owner = await createUser(stores[0]);
    const client = await createClient(stores[0], owner);
    expect(client).toMatchObject({
      requiresPushedRequests: false,
      verified: false,
      status: 'active',
      createdAt: clock.now,
    });
    expect(await stores[1].clients.findClient(client.id)).toEqual(client);
    expect(await clientsOf().listClients(owner.id)).toEqual([client]);
    expect(await clientsOf().findClient('cli_none')).toBeNull();
    expect(await actionsOn(stores[0], client.id)).toEqual(['client.created']);
  });

  test('a client is changed in what is given only', async () => {
    const { stores } = arena();
    const owner = await createUser(stores[0]);
    const client = await createClient(stores[0], owner);
    const redirectUris = ['https://other.example.com/a', 'http://127.0.0.1/b'];
    expect(await clientsOf().updateClient(client.id, { redirectUris }, asUser(owner))).toBe(true);
    expect(await clientsOf().updateClient(client.id, { requiresPushedRequests: true }, asUser(owner))).toBe(
      true,
    );
    expect(await clientsOf().replaceClientSecret(client.id, 'another hash', asUser(owner))).toBe(true);
    expect(await clientsOf().findClient(client.id)).toEqual({
      ...client,
      redirectUris,
      requiresPushedRequests: true,
      secretHash: 'another hash',
    });
    expect(await actionsOn(stores[0], client.id)).toEqual([
      'client.created',
      'client.updated',
      'client.updated',
      'client.secret_replaced',
    ]);
  });

  test('a client has a secret or keys, whichever it was given last', async () => {
    const { stores } = arena();
    const owner = await createUser(stores[0]);
    const client = await createClient(stores[0], owner);
    const jwks = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', kid: 'one' }] };
    expect(await clientsOf().updateClient(client.id, { jwks }, asUser(owner))).toBe(true);
    expect(await stores[1].clients.findClient(client.id)).toEqual({ ...client, jwks, secretHash: null });
    expect(await clientsOf().updateClient(client.id, { name: client.name }, asUser(owner))).toBe(true);
    expect(await stores[1].clients.findClient(client.id)).toEqual({ ...client, jwks, secretHash: null });
    expect(await clientsOf().replaceClientSecret(client.id, 'a hash', asUser(owner))).toBe(true);
    expect(await stores[1].clients.findClient(client.id)).toEqual({ ...client, secretHash: 'a hash' });
    const born = await createClient(stores[0], owner, { secretHash: null, jwks });
    expect(await stores[1].clients.findClient(born.id)).toEqual(born);
  });

  test('changing nothing changes nothing', async () => {
    const { stores } = arena();
    const owner = await createUser(stores[0]);
    const client = await createClient(stores[0], owner);
    expect(await clientsOf().updateClient(client.id, {}, asUser(owner))).toBe(true);
    expect(await clientsOf().updateClient('cli_none', {}, asUser(owner))).toBe(false);
    expect(await clientsOf().findClient(client.id)).toEqual(client);
  });

  test('a deleted client is gone, its grants end, and the record of its calls keeps a name', async () => {
    const { stores } = arena();
    const { client, grant, family, credential } = await createGrant(arena());
    const other = await createGrant(arena());
    expect(await clientsOf().deleteClient(client.id, operator)).toEqual([grant.id]);
    expect(await clientsOf().findClient(client.id)).toBeNull();
    expect(await clientsOf().listClients(found(client.ownerId))).toEqual([]);
    expect(await stores[0].grants.findGrant(grant.id)).toMatchObject({ revokedReason: 'client_deleted' });
    expect(await stores[0].credentials.findSealed(credential.id, grant.id)).toBeNull();
    expect(await stores[0].grants.findStanding(family.id)).toMatchObject({ clientStatus: 'deleted' });
    expect(await stores[0].grants.listGrants({ clientId: client.id })).toMatchObject([
      { grant: { id: grant.id }, client: { name: client.name } },
    ]);
    expect(found(await stores[0].grants.findGrant(other.grant.id)).revokedAt).toBeNull();
  });

  test('a client that is deleted or was never there cannot be changed', async () => {
    const { stores } = arena();
    const owner = await createUser(stores[0]);
    const client = await createClient(stores[0], owner);
    expect(await clientsOf().deleteClient(client.id, operator)).toEqual([]);
    for (const id of [client.id, 'cli_none']) {
      expect(await clientsOf().updateClient(id, { name: 'x' }, operator)).toBe(false);
      expect(await clientsOf().replaceClientSecret(id, 'x', operator)).toBe(false);
      expect(await clientsOf().setClientStatus(id, 'suspended', operator)).toBe(false);
      expect(await clientsOf().deleteClient(id, operator)).toBeNull();
    }
  });

  test('a client is suspended and reinstated', async () => {
    const { stores } = arena();
    const { client, family } = await createGrant(arena());
    expect(await clientsOf().setClientStatus(client.id, 'suspended', operator)).toBe(true);
    expect(await clientsOf().findClient(client.id)).toMatchObject({ status: 'suspended' });
    expect(await stores[0].grants.findStanding(family.id)).toMatchObject({ clientStatus: 'suspended' });
    expect(await clientsOf().setClientStatus(client.id, 'active', operator)).toBe(true);
    expect(await clientsOf().findClient(client.id)).toMatchObject({ status: 'active' });
  });
}
