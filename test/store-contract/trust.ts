import { expect, test } from 'vitest';
import type { Client, User } from '../../src/store/records.ts';
import { unverifiedUserLimit } from '../../src/store/trust.ts';
import {
  type Arena,
  actionsOn,
  asUser,
  createClient,
  createGrant,
  createUser,
  day,
  depositKey,
  found,
  openRequest,
  operator,
  termsFor,
  unique,
} from './world.ts';

/** What people are told of an app, and who may use one that nobody vouches for. */
export function trust(arena: () => Arena): void {
  const clientsOf = () => arena().stores[0].clients;
  const clientNow = async ({ id }: Pick<Client, 'id'>) => found(await clientsOf().findClient(id));

  async function verifiedClient(): Promise<{ owner: User; client: Client }> {
    const owner = await createUser(arena().stores[0]);
    const client = await createClient(arena().stores[0], owner);
    await clientsOf().askForVerification(client.id, 'token', asUser(owner));
    await clientsOf().markDomainProven(client.id, client.redirectUris, asUser(owner));
    await clientsOf().setVerified(client.id, true, operator);
    return { owner, client };
  }

  /** A user's decision for a client. @returns how it went */
  async function approve(client: Client, user?: User, change: { readonly expiresAt?: number } = {}) {
    const [store] = arena().stores;
    const person = user ?? (await createUser(store));
    const party = { user: person, client, credential: await depositKey(store, person) };
    const request = await openRequest(arena(), party);
    const live = await store.grants.findLiveGrant(person.id, client.id, false);
    const terms = termsFor(party, { ...change, ...(live && { id: live.id }) });
    return (await store.grants.approve(request.id, request.browserHash, terms)).kind;
  }

  async function fill(client: Client, change: { readonly expiresAt?: number } = {}): Promise<void> {
    for (let users = 0; users < unverifiedUserLimit; users += 1) {
      expect(await approve(client, undefined, change)).toBe('approved');
    }
  }

  test('verification is asked for, its domain proven, and decided', async () => {
    const { stores, clock } = arena();
    const { client } = await verifiedClient();
    expect(await clientNow(client)).toEqual({
      ...client,
      verified: true,
      verificationToken: 'token',
      verificationAskedAt: null,
      domainProvenAt: clock.now,
    });
    await clientsOf().askForVerification(client.id, 'another token', operator);
    await clientsOf().setVerified(client.id, false, operator);
    expect(await clientNow(client)).toMatchObject({ verified: false, verificationToken: 'token' });
    expect(await actionsOn(stores[0], client.id)).toEqual([
      'client.created',
      'client.verification_asked',
      'client.domain_proven',
      'client.verification_changed',
      'client.verification_asked',
      'client.verification_changed',
    ]);
    expect(await clientsOf().setVerified('cli_none', true, operator)).toBe(false);
    expect(await clientsOf().askForVerification('cli_none', 'token', operator)).toBe(false);
  });

  test('a proof for redirect URIs that the client has given up counts for nothing', async () => {
    const { client } = await verifiedClient();
    await clientsOf().updateClient(client.id, { redirectUris: ['https://other.example.com/'] }, operator);
    expect(await clientsOf().markDomainProven(client.id, client.redirectUris, operator)).toBe(false);
    expect((await clientNow(client)).domainProvenAt).toBeNull();
  });

  test.each([
    ['name', { name: 'Another app' }, { verified: false, domainProvenAt: expect.any(Number) }],
    [
      'redirect URI',
      { redirectUris: ['https://other.example.com/'] },
      { verified: false, domainProvenAt: null },
    ],
    [
      'scope',
      { scope: 'chat', name: 'An app', redirectUris: ['https://app.example.com/callback'] },
      { verified: true, domainProvenAt: expect.any(Number) },
    ],
  ])(
    'a verified client with another %s is verified no more if people would be shown it',
    async (_, change, after) => {
      const { client } = await verifiedClient();
      await clientsOf().updateClient(client.id, change, operator);
      expect(await clientNow(client)).toMatchObject({ ...change, ...after });
    },
  );

  test('a client is vouched for as it was seen', async () => {
    const client = await createClient(arena().stores[0], await createUser(arena().stores[0]));
    for (const other of [{ name: 'Another' }, { redirectUris: ['https://elsewhere.example.com/'] }]) {
      expect(await clientsOf().setVerified(client.id, true, operator, { ...client, ...other })).toBe(false);
      expect((await clientNow(client)).verified).toBe(false);
    }
    expect(await clientsOf().setVerified(client.id, true, operator, client)).toBe(true);
    expect((await clientNow(client)).verified).toBe(true);
  });

  test('what a document says takes the place of what it said, and keeps what was decided here', async () => {
    const { stores, clock } = arena();
    const document = {
      id: `https://${unique('app')}.example.com/client`,
      name: 'An app',
      type: 'spa',
      redirectUris: ['https://app.example.com/callback'],
      scope: 'chat',
      requiresDpop: false,
      requiresPushedRequests: false,
      freshUntil: clock.now + day,
    } as const;
    const first = found(await clientsOf().saveDocument(document));
    expect(first).toMatchObject({ ...document, ownerId: null, verified: false, createdAt: clock.now });
    expect(await stores[1].clients.findClient(document.id)).toEqual(first);
    await clientsOf().setVerified(document.id, true, operator);
    await clientsOf().setClientStatus(document.id, 'suspended', operator);
    clock.now += day;
    const again = { ...document, scope: 'embeddings', freshUntil: clock.now + day };
    expect(await stores[1].clients.saveDocument(again)).toEqual({
      ...first,
      ...again,
      verified: true,
      status: 'suspended',
    });
    const elsewhere = { ...again, redirectUris: ['https://elsewhere.example.com/'] };
    expect(await clientsOf().saveDocument(elsewhere)).toMatchObject({ ...elsewhere, verified: false });
    expect(await actionsOn(stores[0], document.id)).toEqual([
      'client.created',
      'client.verification_changed',
      'client.status_changed',
    ]);
    await clientsOf().deleteClient(document.id, operator);
    expect(await clientsOf().saveDocument(document)).toBeNull();
    expect(await clientsOf().findClient(document.id)).toBeNull();
  });

  test('one that many bring at once is one client', async () => {
    const { stores, clock } = arena();
    const id = `https://${unique('app')}.example.com/client`;
    const said = {
      name: 'An app',
      type: 'spa',
      scope: 'chat',
      redirectUris: ['https://a.example.com/'],
    } as const;
    const flags = { requiresDpop: false, requiresPushedRequests: false, freshUntil: clock.now + day };
    const saved = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        stores[index % 2 ? 1 : 0].clients.saveDocument({ id, ...said, ...flags }),
      ),
    );
    expect(saved.map((client) => client?.id)).toEqual(Array.from({ length: 8 }, () => id));
    expect(await actionsOn(stores[0], id)).toEqual(['client.created']);
  });

  test('a client without an owner is registered, listed for the operator, and nobody else’s', async () => {
    const { stores } = arena();
    const owner = await createUser(stores[0]);
    const own = await createClient(stores[0], owner);
    const client = await clientsOf().createClient(
      { ...own, id: unique('cli'), ownerId: null, registrationTokenHash: 'token hash' },
      { kind: 'system' },
    );
    expect(await clientNow(client)).toMatchObject({ ownerId: null, registrationTokenHash: 'token hash' });
    await approve(client);
    await clientsOf().askForVerification(own.id, 'token', asUser(owner));
    expect(await clientsOf().listClients(owner.id)).toMatchObject([{ id: own.id }]);
    const all = await stores[1].clients.listAllClients(1000);
    const places = [own, client].map(({ id }) => all.findIndex((view) => view.client.id === id));
    expect(places[0]).toBeLessThan(places[1] ?? -1);
    expect(all[places[0] ?? -1]).toMatchObject({ ownerEmail: owner.email, users: 0 });
    expect(all[places[1] ?? -1]).toMatchObject({ ownerEmail: null, users: 1 });
    expect(await clientsOf().listAllClients(1)).toHaveLength(1);
  });

  test('a client that nobody vouches for takes so many users and no more', async () => {
    const { client, user: first } = await createGrant(arena());
    for (let users = 1; users < unverifiedUserLimit; users += 1) {
      expect(await approve(client)).toBe('approved');
    }
    expect(await approve(client)).toBe('too_many_users');
    expect(await approve(client, first)).toBe('approved');
    await clientsOf().setVerified(client.id, true, operator);
    expect(await approve(client)).toBe('approved');
    await clientsOf().setVerified(client.id, false, operator);
    expect(await approve(client)).toBe('too_many_users');
  });

  test('its owner, test grants and grants that are over are none of them', async () => {
    const { stores, clock } = arena();
    const owner = await createUser(stores[0]);
    const client = await createClient(stores[0], owner);
    const tester = await createUser(stores[0]);
    const party = { user: tester, client, credential: await depositKey(stores[0], tester) };
    await createGrant(arena(), { party, terms: { test: true } });
    expect(await approve(client, owner)).toBe('approved');
    await fill(client, { expiresAt: clock.now + day });
    expect(await approve(client)).toBe('too_many_users');
    clock.now += day;
    await fill(client);
    expect(await approve(client)).toBe('too_many_users');
    const [grant] = await stores[0].grants.listGrants({ clientId: client.id });
    await stores[0].grants.revokeGrant(found(grant).grant.id, 'user', operator);
    expect(await approve(client)).toBe('approved');
  });
}
