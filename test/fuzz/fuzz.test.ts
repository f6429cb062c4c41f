import { expect, it, onTestFinished } from 'vitest';
import { createHome } from '../support/home.ts';
import { describeReport, fuzz } from './fuzz.ts';

/** `npm run fuzz` says how long; among the other tests it is short. */
const { FUZZ_MINUTES: minutes, COATCHECK_TEST_SEED: givenSeed } = process.env;
const seconds = minutes === undefined ? 10 : 60 * Number(minutes);
const seed = Number(givenSeed ?? Date.now() % 1_000_000);
/** Of memory, in bytes: many times what a server takes at rest. */
const most = 768 * 1024 ** 2;

it(
  'whatever is sent to whichever endpoint, the server does not fail and gives nothing away for nothing',
  async () => {
    const home = await createHome();
    onTestFinished(() => home.remove());
    const report = await fuzz(home, seconds, seed);
    console.log(describeReport(report));
    expect(report.fault).toBeNull();
    expect(report.rss.most).toBeLessThan(most);
    expect(report.exitCode).toBe(0);
    // What was to be looked for was there.
    expect(report.given).toBeGreaterThan(0);
    expect([...report.counts.values()].filter((count) => Object.keys(count).length === 0)).toEqual([]);
  },
  (seconds + 180) * 1000,
);
