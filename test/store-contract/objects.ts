import { expect, it } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import type { ObjectName } from '../../src/store/records.ts';
import type { Store } from '../../src/store/store.ts';
import { type Arena, createGrant, type Granted, operator, unique } from './world.ts';

export function objects(arena: () => Arena): void {
  const originOf = ({ grant, credential }: Granted) => ({
    provider: 'openai',
    grantId: grant.id,
    credentialId: credential.id,
    callId: newId('call'),
  });
  const newFile = () => ({ kind: 'file', id: unique('file') });
  const unowned = ({ objects }: Store, { grant }: Granted, ...names: ObjectName[]) =>
    objects.findUnowned(grant.id, 'openai', names);
  const owns = async (...asked: Parameters<typeof unowned>) => (await unowned(...asked)) === null;

  it('are on record for the grant that had them made, and for no other', async () => {
    const [store, other] = arena().stores;
    const mine = await createGrant(arena());
    const sameApp = await createGrant(arena(), { party: mine, terms: { test: true } });
    const stranger = await createGrant(arena());
    const [one, two, never] = [newFile(), newFile(), newFile()];
    expect(await store.objects.recordObjects(originOf(mine), [one, two, one])).toBe(true);
    expect(await owns(other, mine, one, two, two)).toBe(true);
    expect(await owns(store, sameApp, one)).toBe(false);
    expect(await owns(store, stranger, one)).toBe(false);
    const another = newFile();
    expect(await unowned(store, mine, one, never, two, another)).toEqual(never);
    expect(await unowned(other, mine, another, never)).toEqual(another);
    expect(await owns(store, mine)).toBe(true);
  });

  it('carry what is to be kept of them, and tell it to nobody else', async () => {
    const [store, other] = arena().stores;
    const mine = await createGrant(arena());
    const stranger = await createGrant(arena());
    const [plain, rich] = [newFile(), newFile()];
    const detail = { models: ['gpt-5', null], cost: { base: 2 ** 53 - 1 } };
    const origin = originOf(mine);
    await store.objects.recordObjects(origin, [plain, { ...rich, detail }]);
    await store.objects.recordObjects(origin, [{ ...rich, detail: null }]);
    const find = ({ grant }: Granted, object: ObjectName) =>
      other.objects.findObject(grant.id, 'openai', object);
    const createdAt = expect.any(Number);
    expect(await find(mine, rich)).toEqual({ ...origin, ...rich, detail, createdAt });
    expect(await find(mine, plain)).toMatchObject({ detail: null, callId: origin.callId });
    expect([await find(stranger, rich), await find(mine, newFile())]).toEqual([null, null]);
  });

  it('are known by provider, kind and id, to the letter', async () => {
    const [store] = arena().stores;
    const mine = await createGrant(arena());
    const file = newFile();
    await store.objects.recordObjects(originOf(mine), [file]);
    expect(await owns(store, mine, { ...file, kind: 'response' })).toBe(false);
    for (const id of [file.id.toUpperCase(), ` ${file.id}`, `${file.id} `, '', '%', file.id.slice(0, -1)]) {
      expect([id, await owns(store, mine, { ...file, id })]).toEqual([id, false]);
    }
    expect(await store.objects.findUnowned(mine.grant.id, 'xai', [file])).toEqual(file);
  });

  it('stay with their grant, whoever else says to have made them', async () => {
    const [store] = arena().stores;
    const mine = await createGrant(arena());
    const thief = await createGrant(arena());
    const [file, fresh] = [newFile(), newFile()];
    await store.objects.recordObjects(originOf(mine), [file]);
    expect(await store.objects.recordObjects(originOf(mine), [file])).toBe(true);
    expect(await store.objects.recordObjects(originOf(thief), [fresh, file])).toBe(false);
    await store.objects.forgetObjects(thief.grant.id, 'openai', [file]);
    expect(await owns(store, mine, file)).toBe(true);
    expect(await owns(store, thief, file)).toBe(false);
  });

  it('are one grant’s when two record the same at the same time', async () => {
    const [store, other] = arena().stores;
    const [mine, thief] = [await createGrant(arena()), await createGrant(arena())];
    for (let round = 0; round < 20; round += 1) {
      const [file, next] = [newFile(), newFile()];
      const recorded = await Promise.all([
        store.objects.recordObjects(originOf(mine), [file, next]),
        other.objects.recordObjects(originOf(thief), [next, file]),
      ]);
      expect(recorded.toSorted()).toEqual([false, true]);
    }
  });

  it('are gone when the provider keeps them no more', async () => {
    const [store] = arena().stores;
    const mine = await createGrant(arena());
    const [gone, kept] = [newFile(), newFile()];
    await store.objects.recordObjects(originOf(mine), [gone, kept]);
    await store.objects.forgetObjects(mine.grant.id, 'openai', [gone]);
    expect(await owns(store, mine, gone)).toBe(false);
    expect(await owns(store, mine, kept)).toBe(true);
  });

  it('outlive their grant and their key, as something that nobody can name', async () => {
    const [store] = arena().stores;
    const mine = await createGrant(arena());
    const file = newFile();
    await store.objects.recordObjects(originOf(mine), [file]);
    await store.grants.revokeGrant(mine.grant.id, 'user', operator);
    await store.credentials.deleteCredential(mine.credential.id, operator);
    const next = await createGrant(arena(), {
      party: { ...mine, credential: mine.credential },
      terms: { wraps: [] },
    });
    expect(next.grant.id).not.toBe(mine.grant.id);
    expect(await owns(store, next, file)).toBe(false);
    expect(await store.objects.recordObjects(originOf(next), [file])).toBe(false);
  });
}
