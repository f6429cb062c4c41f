import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLedger } from '../../src/ledger/ledger.ts';
import type { AdmissionRequest, AdmissionResult } from '../../src/store/admission.ts';
import { type LedgerStore, OutcomeUnknown, type Settlement } from '../../src/store/contract/ledger.ts';

type Admissions = Pick<LedgerStore, 'admit' | 'settle'>;

const request = (callId: string): AdmissionRequest => ({
  callId,
  familyId: 'fam_1',
  kid: 'sig_1',
  proof: null,
  instanceId: 'ins_1',
  provider: 'openai',
  route: 'POST /chat/completions',
  model: 'gpt-4o',
  models: ['gpt-4o'],
  outputCap: 'open',
  access: null,
  scopes: ['openai:text'],
  cost: { base: 0, perOutputToken: 0, longestOutput: 1000 },
});

const settlement = (callId: string): Settlement => ({
  callId,
  status: 200,
  outcome: 'answered',
  usage: null,
  costNanoUsd: 0,
  countedNanoUsd: 0,
  isEstimated: false,
  upstreamRequestId: null,
  flags: null,
});

/** A store that notes what it is to write and admits every call whose id does not begin with `bad`. */
function fakeStore() {
  const admitted: string[][] = [];
  const settled: string[][] = [];
  const store: Admissions = {
    async admit(batch, settlements = []) {
      if (settlements.length > 0) settled.push(settlements.map(({ callId }) => callId));
      admitted.push(batch.map(({ callId }) => callId));
      return batch.map(
        ({ callId }): AdmissionResult =>
          callId.startsWith('bad')
            ? { kind: 'refused', reason: 'grant_revoked' }
            : {
                kind: 'admitted',
                grantId: callId,
                userId: 'usr_1',
                clientId: 'cli_1',
                payer: 'user',
                credential: { id: 'key_1', version: 1, sandbox: true, exhaustedAt: null },
                holder: callId,
                startedAt: 0,
                limits: [],
                outputCap: null,
                toolUses: null,
                reservedNanoUsd: 0,
                moderation: 'off',
                holds: [],
                left: { budgets: [], rate: null },
              },
      );
    },
    async settle(batch) {
      settled.push(batch.map(({ callId }) => callId));
      return batch.map(() => true);
    },
  };
  return { store, admitted, settled };
}

const quiet = { onSettleError: () => {} };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('admission', () => {
  it('puts what is asked in one turn of the event loop into one transaction', async () => {
    const { store, admitted } = fakeStore();
    const ledger = createLedger(store, quiet);
    const results = await Promise.all(['a', 'bad', 'c'].map((id) => ledger.admit(request(id))));
    expect(admitted).toEqual([['a', 'bad', 'c']]);
    expect(results.map(({ kind }) => kind)).toEqual(['admitted', 'refused', 'admitted']);
    await ledger.admit(request('d'));
    expect(admitted).toEqual([['a', 'bad', 'c'], ['d']]);
  });

  it('gives each call its own decision', async () => {
    const { store } = fakeStore();
    const ledger = createLedger(store, quiet);
    const ids = Array.from({ length: 150 }, (_, index) => `call_${index}`);
    const results = await Promise.all(ids.map((id) => ledger.admit(request(id))));
    expect(results.map((result) => (result.kind === 'admitted' ? result.grantId : null))).toEqual(ids);
  });

  it('keeps transactions short', async () => {
    const { store, admitted } = fakeStore();
    const ledger = createLedger(store, quiet);
    await Promise.all(Array.from({ length: 150 }, (_, index) => ledger.admit(request(`call_${index}`))));
    expect(admitted.map(({ length }) => length)).toEqual([64, 64, 22]);
  });

  it('fails for the calls of a transaction that fails, and for no others', async () => {
    const { store } = fakeStore();
    const admit = store.admit;
    const broken: Admissions = {
      ...store,
      admit: (batch) =>
        batch.some(({ callId }) => callId === 'call_0') ? Promise.reject(new Error('disk')) : admit(batch),
    };
    const ledger = createLedger(broken, quiet);
    const results = await Promise.allSettled(
      Array.from({ length: 70 }, (_, index) => ledger.admit(request(`call_${index}`))),
    );
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(64);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
  });

  it('waits while others of its family are decided, and shares the next transaction with who came meanwhile', async () => {
    const { store, admitted } = fakeStore();
    const { promise, resolve } = Promise.withResolvers<void>();
    const admit = store.admit;
    const slow: Admissions = {
      ...store,
      async admit(batch) {
        const results = await admit(batch);
        await promise;
        return results;
      },
    };
    const ledger = createLedger(slow, quiet);
    const asked: Promise<unknown>[] = [];
    for (const [id, familyId] of [
      ['a', 'fam_1'],
      ['b', 'fam_1'],
      ['other', 'fam_2'],
      ['c', 'fam_1'],
    ] as const) {
      asked.push(ledger.admit({ ...request(id), familyId }));
      await new Promise(setImmediate);
    }
    expect(admitted).toEqual([['a'], ['other']]);
    resolve();
    await Promise.all(asked);
    expect(admitted).toEqual([['a'], ['other'], ['b', 'c']]);
  });

  it('does not wait for others of its family for longer than a second', async () => {
    const { store, admitted } = fakeStore();
    const { promise, resolve } = Promise.withResolvers<void>();
    const admit = store.admit;
    const stuck: Admissions = {
      ...store,
      async admit(batch) {
        const results = await admit(batch);
        if (batch.some(({ callId }) => callId === 'a')) await promise;
        return results;
      },
    };
    const ledger = createLedger(stuck, quiet);
    const first = ledger.admit(request('a'));
    await new Promise(setImmediate);
    const second = ledger.admit(request('b'));
    await vi.advanceTimersByTimeAsync(1_000);
    await second;
    expect(admitted).toEqual([['a'], ['b']]);
    resolve();
    await first;
  });

  it('fails for a call without a decision', async () => {
    const { store } = fakeStore();
    const ledger = createLedger({ ...store, admit: async () => [] }, quiet);
    await expect(ledger.admit(request('a'))).rejects.toThrow('no decision');
  });
});

describe('settlement', () => {
  it('waits 25 ms for others, and writes each once', async () => {
    const { store, settled } = fakeStore();
    const ledger = createLedger(store, quiet);
    ledger.settle(settlement('a'));
    await vi.advanceTimersByTimeAsync(24);
    ledger.settle(settlement('b'));
    expect(settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(settled).toEqual([['a', 'b']]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(settled).toEqual([['a', 'b']]);
  });

  it('does not wait when calls are being admitted: it shares their transaction', async () => {
    const { store, settled } = fakeStore();
    const settle = vi.spyOn(store, 'settle');
    const ledger = createLedger(store, quiet);
    ledger.settle(settlement('a'));
    ledger.settle(settlement('b'));
    await ledger.admit(request('c'));
    expect(settled).toEqual([['a', 'b']]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(settle).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps a transaction short also beside admissions, and leaves none behind', async () => {
    const { store, settled } = fakeStore();
    const ledger = createLedger(store, quiet);
    const ids = Array.from({ length: 150 }, (_, index) => `call_${index}`);
    for (const id of ids) ledger.settle(settlement(id));
    await ledger.admit(request('a'));
    expect(settled.map(({ length }) => length)).toEqual([64]);
    await vi.advanceTimersByTimeAsync(25);
    // One after the other, each in a turn of its own.
    while (settled.length < 3) await new Promise(setImmediate);
    expect(settled.map(({ length }) => length)).toEqual([64, 64, 22]);
    expect(settled.flat()).toEqual(ids);
  });

  it('that fails a batch of admissions fails no other: it is tried again on its own', async () => {
    const { store, settled } = fakeStore();
    const { admit, settle } = store;
    let isPoisonous = true;
    const poisoned: Admissions = {
      admit: (batch, settlements = []) =>
        isPoisonous && settlements.length > 0 ? Promise.reject(new Error('disk')) : admit(batch, settlements),
      settle: (batch) => (isPoisonous ? Promise.reject(new Error('disk')) : settle(batch)),
    };
    const errors: number[] = [];
    const ledger = createLedger(poisoned, { onSettleError: (_, waiting) => errors.push(waiting) });
    ledger.settle(settlement('a'));
    await expect(ledger.admit(request('b'))).rejects.toThrow('disk');
    ledger.settle(settlement('c'));
    await ledger.admit(request('d'));
    await vi.advanceTimersByTimeAsync(500);
    await ledger.admit(request('e'));
    expect(errors).toEqual([1, 2]);
    isPoisonous = false;
    await vi.advanceTimersByTimeAsync(500);
    expect(settled).toEqual([['a', 'c']]);
    ledger.settle(settlement('f'));
    await ledger.admit(request('g'));
    expect(settled).toEqual([['a', 'c'], ['f']]);
  });

  it('is tried again until the store takes it, in order and without loss', async () => {
    const { store, settled } = fakeStore();
    const { settle } = store;
    let isDown = true;
    const errors: number[] = [];
    const ledger = createLedger(
      { ...store, settle: (batch) => (isDown ? Promise.reject(new Error('disk')) : settle(batch)) },
      { onSettleError: (_, waiting) => errors.push(waiting) },
    );
    ledger.settle(settlement('a'));
    await vi.advanceTimersByTimeAsync(25);
    ledger.settle(settlement('b'));
    await vi.advanceTimersByTimeAsync(500);
    expect(errors).toEqual([1, 2]);
    isDown = false;
    await vi.advanceTimersByTimeAsync(500);
    expect(settled).toEqual([['a', 'b']]);
  });

  it('is written at the end, also what came in while the last batch was being written', async () => {
    const { store, settled } = fakeStore();
    const { settle } = store;
    let isFirst = true;
    const ledger = createLedger(
      {
        ...store,
        async settle(batch) {
          if (isFirst) ledger.settle(settlement('late'));
          isFirst = false;
          return settle(batch);
        },
      },
      quiet,
    );
    ledger.settle(settlement('a'));
    await ledger.close();
    expect(settled.flat()).toEqual(['a', 'late']);
  });

  it('is written at the end when the admissions that it went with fail', async () => {
    const { store, settled } = fakeStore();
    const { promise, reject } = Promise.withResolvers<never>();
    const ledger = createLedger({ ...store, admit: () => promise }, quiet);
    ledger.settle(settlement('a'));
    const admission = ledger.admit(request('b'));
    await new Promise(setImmediate);
    const closed = ledger.close();
    reject(new Error('connection lost'));
    await expect(admission).rejects.toThrow('connection lost');
    await closed;
    expect(settled).toEqual([['a']]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is written at the end when the attempt under way fails', async () => {
    const { store, settled } = fakeStore();
    const { promise, reject } = Promise.withResolvers<never>();
    const settle = vi.spyOn(store, 'settle').mockReturnValueOnce(promise);
    const ledger = createLedger(store, quiet);
    ledger.settle(settlement('a'));
    await vi.advanceTimersByTimeAsync(25);
    const closed = ledger.close();
    reject(new Error('connection lost'));
    await closed;
    expect(settle).toHaveBeenCalledTimes(2);
    expect(settled).toEqual([['a']]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lets the end come when the store is gone', async () => {
    const { store } = fakeStore();
    const ledger = createLedger({ ...store, settle: () => Promise.reject(new Error('gone')) }, quiet);
    ledger.settle(settlement('a'));
    await ledger.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an admission whose outcome is unknown', () => {
  const unsure = (store: Admissions): Admissions => ({
    ...store,
    admit: () => Promise.reject(new OutcomeUnknown('connection lost')),
  });

  it('fails, and is settled as never sent once the store has surely done or dropped it', async () => {
    const { store } = fakeStore();
    const settled: Settlement[] = [];
    const settle: Admissions['settle'] = async (batch) => {
      settled.push(...batch);
      return batch.map(() => true);
    };
    const ledger = createLedger({ ...unsure(store), settle }, quiet);
    await expect(ledger.admit(request('a'))).rejects.toThrow(OutcomeUnknown);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(settled).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(settled).toEqual([{ ...settlement('a'), status: null, outcome: 'not_sent' }]);
  });

  it('is settled at the end at the latest', async () => {
    const { store, settled } = fakeStore();
    const ledger = createLedger(unsure(store), quiet);
    await expect(ledger.admit(request('a'))).rejects.toThrow();
    await ledger.close();
    expect(settled).toEqual([['a']]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
