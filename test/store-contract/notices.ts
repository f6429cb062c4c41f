import { expect, test } from 'vitest';
import { mostAttempts } from '../../src/store/notices.ts';
import type { Notice } from '../../src/store/records.ts';
import { type Arena, createUser, day, found, minute, operator, unique } from './world.ts';

export function notices(arena: () => Arena): void {
  const noticesOf = () => arena().stores[0].notices;
  const newNotice = (change: Partial<Notice> = {}): Notice => ({
    kind: 'key_refused',
    about: unique('key'),
    title: 'A title',
    text: 'A text\nof two lines',
    ...change,
  });

  test('a notice is taken once, with the address that it goes to', async () => {
    const { stores } = arena();
    const user = await createUser(stores[0]);
    const notice = newNotice();
    expect(await noticesOf().addNotice(user.id, notice)).toBe(true);
    expect(await stores[1].notices.takeNotices(10)).toEqual([{ ...notice, email: user.email }]);
    expect(await noticesOf().takeNotices(10)).toEqual([]);
    await noticesOf().noticeSent(notice);
    arena().clock.now += day;
    expect(await noticesOf().takeNotices(10)).toEqual([]);
  });

  test('of a kind and about the same there is one in a day', async () => {
    const { stores, clock } = arena();
    const user = await createUser(stores[0]);
    const notice = newNotice();
    const add = (change: Partial<Notice> = {}) => noticesOf().addNotice(user.id, { ...notice, ...change });
    expect(await add()).toBe(true);
    expect(await stores[1].notices.addNotice(user.id, notice)).toBe(false);
    expect(await add({ kind: 'key_exhausted' })).toBe(true);
    expect(await add({ about: unique('key') })).toBe(true);
    expect(await noticesOf().takeNotices(10)).toHaveLength(3);
    clock.now += day - 1;
    expect(await add()).toBe(false);
    clock.now += 1;
    expect(await add({ title: 'Again' })).toBe(true);
    const again = { ...notice, title: 'Again', email: user.email };
    expect(await noticesOf().takeNotices(1000)).toContainEqual(again);
    clock.now += day;
    await stores[0].sweep();
  });

  test('one that could not be sent is due again, ever later, and given up in the end', async () => {
    const { stores, clock } = arena();
    await noticesOf().takeNotices(1000);
    const notice = newNotice();
    await noticesOf().addNotice((await createUser(stores[0])).id, notice);
    const isDue = async () =>
      (await noticesOf().takeNotices(1000)).some(({ about }) => about === notice.about);
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      expect(await isDue()).toBe(true);
      clock.now += minute * attempt ** 2 - 1;
      expect(await isDue()).toBe(false);
      clock.now += 1;
    }
    clock.now += day;
    expect(await isDue()).toBe(false);
  });

  test('nothing is sent to who is suspended', async () => {
    const { stores } = arena();
    const user = await createUser(stores[0]);
    const notice = newNotice();
    await noticesOf().addNotice(user.id, notice);
    await stores[0].accounts.setUserStatus(user.id, 'suspended', operator);
    expect(await noticesOf().takeNotices(1000)).toEqual([]);
  });

  test('several that take at once share what is due', async () => {
    const { stores } = arena();
    const user = await createUser(stores[0]);
    const all = Array.from({ length: 20 }, () => newNotice());
    for (const notice of all) await noticesOf().addNotice(user.id, notice);
    const taken = await Promise.all(
      Array.from({ length: 8 }, (_, index) => found(stores[index % 2]).notices.takeNotices(5)),
    );
    const names = taken.flat().map(({ about }) => about);
    expect(new Set(names).size).toBe(names.length);
    expect(names.sort()).toEqual(all.map(({ about }) => about).sort());
  });

  test('a notice is forgotten after a day', async () => {
    const { stores, clock } = arena();
    const user = await createUser(stores[0]);
    const notice = newNotice();
    await noticesOf().addNotice(user.id, notice);
    await noticesOf().noticeSent(notice);
    clock.now += day - 1;
    await stores[0].sweep();
    expect(await noticesOf().addNotice(user.id, notice)).toBe(false);
    clock.now += 1;
    await stores[0].sweep();
    expect(await noticesOf().addNotice(user.id, notice)).toBe(true);
  });
}
