import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createReadiness } from '../src/health.ts';

const log = pino({ level: 'silent' });
const signer = { kid: 'sig_1' };
let asked = 0;

/** A readiness whose store answers like this. */
function readinessWith(
  hasCurrentSchema: () => Promise<boolean>,
  change: { readonly active?: () => Promise<unknown>; readonly isDraining?: boolean } = {},
) {
  const active = change.active ?? (async () => signer);
  const deps = {
    log,
    store: {
      hasCurrentSchema: () => {
        asked += 1;
        return hasCurrentSchema();
      },
    },
    signingKeys: { active },
  } as unknown as Parameters<typeof createReadiness>[0];
  return createReadiness(deps, () => change.isDraining ?? false);
}

beforeEach(() => {
  asked = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const silent = () => new Promise<never>(() => {});

it('has a reason for each check that fails, which says nothing of the inside', async () => {
  const fails = async () => {
    throw new Error('password of /var/lib/secret');
  };
  const answer = await readinessWith(fails, { active: fails, isDraining: true })();
  expect(answer).toEqual({
    status: 'not_ready',
    checks: {
      store: { ok: false, reason: 'the store cannot be reached' },
      migrations: { ok: false, reason: 'the store cannot be asked' },
      signing_key: { ok: false, reason: 'the signing key cannot be read or opened' },
      running: { ok: false, reason: 'stopping: finishing what is under way' },
    },
  });
});

it('answers within two seconds when the store does not', async () => {
  const readiness = readinessWith(silent, { active: silent });
  const answer = readiness();
  await vi.advanceTimersByTimeAsync(2_000);
  const late = { ok: false, reason: 'no answer within 2 s' };
  expect(await answer).toEqual({
    status: 'not_ready',
    checks: { store: late, migrations: late, signing_key: late, running: { ok: true } },
  });
  expect(vi.getTimerCount()).toBe(0);
});

it('asks the store once for all who ask at the same time, and anew for those who come later', async () => {
  const readiness = readinessWith(async () => true);
  const answers = await Promise.all([readiness(), readiness(), readiness()]);
  expect(answers.map(({ status }) => status)).toEqual(['ready', 'ready', 'ready']);
  expect(asked).toBe(1);
  await readiness();
  expect(asked).toBe(2);
  expect(vi.getTimerCount()).toBe(0);
});
