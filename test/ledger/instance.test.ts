import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createInstance } from '../../src/ledger/instance.ts';
import type { InstanceStore } from '../../src/store/contract/instances.ts';

const second = 1000;
const start = Date.now();

/** A store that notes what it is asked, can be out of reach, and can take an instance for dead. */
function fakeStore() {
  const state = { isDown: false, dead: new Set<string>(), slept: 0, toSettle: 0 };
  const asked: string[] = [];
  const answer = async <T>(question: string, value: () => T): Promise<T> => {
    asked.push(question);
    if (state.isDown) throw new Error('out of reach');
    return value();
  };
  const store: InstanceStore = {
    beat: (id, lease) =>
      answer(`beat ${id} ${lease}`, () => ({
        isDead: state.dead.has(id),
        now: start + state.slept + Date.now(),
      })),
    recover: (_, limit) =>
      answer('recover', () => {
        const settled = Math.min(limit, state.toSettle);
        state.toSettle -= settled;
        return { declaredDead: [], settled };
      }),
    leave: (id) => answer(`leave ${id}`, () => undefined),
  };
  return { store, state, asked };
}

const log = pino({ level: 'silent' });

function setUp() {
  const fake = fakeStore();
  const instance = createInstance(fake.store, { log, clock: () => start });
  const onDeclaredDead = vi.fn();
  return { ...fake, instance, onDeclaredDead };
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the lease', () => {
  it('is taken for 30 s, and renewed every 5 s until the end', async () => {
    const { instance, asked, onDeclaredDead } = setUp();
    await instance.join(onDeclaredDead);
    expect(asked).toEqual([`beat ${instance.id} 30`]);
    await vi.advanceTimersByTimeAsync(10 * second);
    expect(asked).toHaveLength(3);
    await instance.leave();
    expect(asked.at(-1)).toBe(`leave ${instance.id}`);
    expect(vi.getTimerCount()).toBe(0);
    await instance.leave();
    expect(asked).toHaveLength(4);
    expect(onDeclaredDead).not.toHaveBeenCalled();
  });

  it('is not given back by a process that never took it', async () => {
    const { instance, asked } = setUp();
    await instance.leave();
    expect(asked).toEqual([]);
  });

  it('has to be there before anything else', async () => {
    const { instance, state, onDeclaredDead } = setUp();
    state.isDown = true;
    await expect(instance.join(onDeclaredDead)).rejects.toThrow('out of reach');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is renewed again after an outage, and the end comes also during one', async () => {
    const { instance, state, asked, onDeclaredDead } = setUp();
    await instance.join(onDeclaredDead);
    state.isDown = true;
    await vi.advanceTimersByTimeAsync(20 * second);
    expect(asked).toHaveLength(5);
    await instance.leave();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('judging others', () => {
  const judgements = (asked: readonly string[]) => asked.filter((question) => question === 'recover').length;

  it('begins after one whole lease of contact', async () => {
    const { instance, asked, onDeclaredDead } = setUp();
    await instance.join(onDeclaredDead);
    await vi.advanceTimersByTimeAsync(29 * second);
    expect(judgements(asked)).toBe(0);
    await vi.advanceTimersByTimeAsync(second);
    expect(judgements(asked)).toBe(1);
    await vi.advanceTimersByTimeAsync(5 * second);
    expect(judgements(asked)).toBe(2);
    await instance.leave();
  });

  it('begins anew after the store was out of reach, however shortly', async () => {
    const { instance, state, asked, onDeclaredDead } = setUp();
    await instance.join(onDeclaredDead);
    await vi.advanceTimersByTimeAsync(27 * second);
    state.isDown = true;
    await vi.advanceTimersByTimeAsync(5 * second);
    state.isDown = false;
    await vi.advanceTimersByTimeAsync(30 * second);
    expect(judgements(asked)).toBe(0);
    await vi.advanceTimersByTimeAsync(5 * second);
    expect(judgements(asked)).toBe(1);
    await instance.leave();
  });

  it.each([
    ['slept', 20 * second],
    ['had its clock put back', -20 * second],
  ])('begins anew after the machine %s', async (_name, slept) => {
    const { instance, state, asked, onDeclaredDead } = setUp();
    await instance.join(onDeclaredDead);
    await vi.advanceTimersByTimeAsync(29 * second);
    state.slept = slept;
    await vi.advanceTimersByTimeAsync(30 * second);
    expect(judgements(asked)).toBe(0);
    await vi.advanceTimersByTimeAsync(5 * second);
    expect(judgements(asked)).toBe(1);
    await instance.leave();
  });

  it('goes on until all calls of the dead are settled', async () => {
    const { instance, state, asked, onDeclaredDead } = setUp();
    state.toSettle = 250;
    await instance.join(onDeclaredDead);
    await vi.advanceTimersByTimeAsync(30 * second);
    await vi.waitFor(() => expect(state.toSettle).toBe(0));
    expect(judgements(asked)).toBe(3);
    await instance.leave();
  });
});

describe('an instance that was declared dead', () => {
  it('ends what it runs and goes on under another id, which has a lease first', async () => {
    const { instance, state, asked, onDeclaredDead } = setUp();
    await instance.join(onDeclaredDead);
    const former = instance.id;
    state.dead.add(former);
    await vi.advanceTimersByTimeAsync(5 * second);
    expect(onDeclaredDead).toHaveBeenCalledOnce();
    expect(instance.id).not.toBe(former);
    expect(asked.slice(1)).toEqual([`beat ${former} 30`, `beat ${instance.id} 30`]);
    await vi.advanceTimersByTimeAsync(30 * second);
    expect(onDeclaredDead).toHaveBeenCalledOnce();
    expect(asked).not.toContain('recover');
    await instance.leave();
    expect(asked.at(-1)).toBe(`leave ${instance.id}`);
  });

  it('ends what it runs also when no new lease is to be had yet', async () => {
    const { instance, state, store, onDeclaredDead } = setUp();
    await instance.join(onDeclaredDead);
    const former = instance.id;
    state.dead.add(former);
    const { beat } = store;
    let fails = true;
    Object.assign(store, {
      beat: (id: string, lease: number) =>
        id !== former && fails ? Promise.reject(new Error('out of reach')) : beat(id, lease),
    });
    await vi.advanceTimersByTimeAsync(5 * second);
    expect(onDeclaredDead).toHaveBeenCalledOnce();
    expect(instance.id).toBe(former);
    fails = false;
    await vi.advanceTimersByTimeAsync(5 * second);
    expect(instance.id).not.toBe(former);
    await instance.leave();
  });
});
