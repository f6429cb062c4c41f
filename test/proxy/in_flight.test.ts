import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createInFlight, type InFlight } from '../../src/proxy/in_flight.ts';

const looks: (readonly string[])[] = [];
let answer: (familyIds: readonly string[]) => Promise<readonly string[]>;
let logs: string[];
let inFlight: InFlight;

beforeEach(() => {
  vi.useFakeTimers();
  looks.length = 0;
  logs = [];
  answer = async () => [];
  const log = pino({}, { write: (line: string) => void logs.push(line) });
  const findEnded = (familyIds: readonly string[]) => {
    looks.push(familyIds);
    return answer(familyIds);
  };
  inFlight = createInFlight({ findEnded }, log);
});
afterEach(() => {
  inFlight.close();
  vi.useRealTimers();
});

test('one look every 300 ms asks for every family once, as long as there are calls', async () => {
  const calls = ['fam_1', 'fam_1', 'fam_2'].map((familyId) => inFlight.watch(familyId));
  await vi.advanceTimersByTimeAsync(300);
  expect(looks).toEqual([['fam_1', 'fam_2']]);
  calls[0]?.release();
  calls[2]?.release();
  await vi.advanceTimersByTimeAsync(300);
  expect(looks.slice(1)).toEqual([['fam_1']]);
  calls[1]?.release();
  await vi.advanceTimersByTimeAsync(3000);
  expect(looks).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});

test('all calls of an ended family are revoked, once, and no others', async () => {
  const ended: string[] = [];
  for (const [name, familyId] of [
    ['a', 'fam_1'],
    ['b', 'fam_1'],
    ['c', 'fam_2'],
  ] as const) {
    const call = inFlight.watch(familyId);
    call.onRevoked(() => {
      ended.push(name);
      if (name === 'a') call.release();
    });
  }
  answer = async () => ['fam_1'];
  await inFlight.look();
  await inFlight.look();
  expect(ended).toEqual(['a', 'b']);
});

test('a call that is not forwarded yet learns that it is revoked', async () => {
  const call = inFlight.watch('fam_1');
  expect(call.isRevoked).toBe(false);
  answer = async () => ['fam_1'];
  await inFlight.look();
  expect(call.isRevoked).toBe(true);
});

test('what ends during a look is looked for right after it', async () => {
  inFlight.watch('fam_1');
  let finish = (_ended: readonly string[]) => {};
  answer = () => new Promise((resolve) => (finish = resolve));
  const first = inFlight.look();
  await inFlight.look();
  await inFlight.look();
  expect(looks).toHaveLength(1);
  answer = async () => [];
  finish([]);
  await first;
  expect(looks).toHaveLength(2);
});

test('a store that fails is asked on, and one outage is one line in the log', async () => {
  const call = inFlight.watch('fam_1');
  answer = async () => Promise.reject(new Error('gone'));
  await vi.advanceTimersByTimeAsync(3000);
  expect(looks).toHaveLength(10);
  expect(logs.filter((line) => line.includes('cannot look for revocations'))).toHaveLength(1);
  answer = async () => ['fam_1'];
  await vi.advanceTimersByTimeAsync(300);
  expect(call.isRevoked).toBe(true);
  answer = async () => Promise.reject(new Error('gone again'));
  await vi.advanceTimersByTimeAsync(600);
  expect(logs.filter((line) => line.includes('cannot look for revocations'))).toHaveLength(2);
});
