import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHome, type Home } from '../support/home.ts';
import { crashLoop } from './crash_loop.ts';

const rounds = process.env.COATCHECK_TEST_FULL === '1' ? 50 : 4;
const seed = Number(process.env.COATCHECK_TEST_SEED ?? Date.now() % 1_000_000);

let home: Home;
beforeAll(async () => {
  home = await createHome();
});
afterAll(() => home.remove());

it(
  `157 ${rounds} times kill -9 at any moment under mixed load takes back nothing that was answered`,
  async () => {
    const { faults, counts } = await crashLoop({ home, rounds, seed });
    process.stdout.write(
      `kill -9 on ${home.store}, COATCHECK_TEST_SEED=${seed}: ${JSON.stringify(counts)}\n`,
    );
    expect(faults).toEqual({
      ...{ withoutRecord: [], settledTwice: [], regained: [] },
      ...{ spentAccepted: [], endedServed: [], lockedOut: [], unexpected: [] },
    });
    // What was to be looked for was there.
    const { reached, lost, codes, replays } = counts;
    expect(Math.min(reached, lost, codes, replays)).toBeGreaterThan(0);
    if (home.store === 'sqlite') {
      expect(await home.query('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    }
  },
  rounds * 20_000,
);
