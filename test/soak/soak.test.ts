import { expect, it, onTestFinished } from 'vitest';
import { createHome } from '../support/home.ts';
import { describeReport, faultsIn, soak } from './soak.ts';

/** `npm run soak` says how long; among the other tests it is short. */
const { SOAK_MINUTES: minutes } = process.env;
const seconds = minutes === undefined ? 10 : 60 * Number(minutes);

it(
  'all that a broker does, all at once and for a while, goes well, loses nothing and leaves nothing behind',
  async () => {
    const home = await createHome();
    onTestFinished(() => home.remove());
    const report = await soak(home, seconds);
    console.log(describeReport(report));
    expect(faultsIn(report)).toEqual([]);
  },
  (seconds + 120) * 1000,
);
