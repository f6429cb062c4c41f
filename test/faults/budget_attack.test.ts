import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHome, type Home } from '../support/home.ts';
import { attackBudget, sum } from './budget_attack.ts';
import { shots } from './support/shots.ts';

const isFull = process.env.COATCHECK_TEST_FULL === '1';
const calls = isFull ? 500 : 100;
const seed = Number(process.env.COATCHECK_TEST_SEED ?? Date.now() % 1_000_000);
const dollar = 1_000_000_000;

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.remove());

const attacks = [
  { kills: 1, strict: false },
  { kills: 0, strict: true },
  { kills: 6, strict: false },
];

it.each(isFull ? attacks : attacks.slice(0, 1))(
  '155 a dollar that many calls at once attack from all sides is never exceeded: %j',
  async ({ kills, strict }) => {
    const result = await attackBudget({
      ...{ home, calls, kills, seed, shots },
      budgets: [
        { limit_usd: '1.00', limit_requests: 10_000, period: 'total', strict },
        { limit_usd: '1.01', period: 'month', strict },
      ],
      limits: { user: { limit: 1.02 * dollar, strict }, key: { limit: 1.03 * dollar, strict } },
    });
    const { bills, billed, recorded, counters, refused, answers } = result;
    const spent = sum(recorded.map(({ counted }) => counted));
    process.stdout.write(
      `budget attack on ${home.store}, COATCHECK_TEST_SEED=${seed}: ${JSON.stringify({
        ...{ calls, kills, strict, billed, recorded: spent, refused },
        outcomes: tally(recorded.map(({ outcome }) => outcome)),
        answers: tally(answers.map(({ status, code }) => code ?? status)),
      })}\n`,
    );

    expect(billed).toBeLessThanOrEqual(dollar);
    expect(counters.filter(({ reserved }) => reserved !== 0)).toEqual([]);
    const [sent, ...dollars] = counters.map((counter) => counter.spent).toSorted((a, b) => a - b);
    expect(sent).toBe(recorded.filter(({ outcome }) => outcome !== 'not_sent').length);
    // A strict budget counts the most where the record has an estimate.
    const [counted = 0] = strict ? dollars : [spent];
    expect(dollars).toEqual(Array(4).fill(counted));
    expect(counted).toBeGreaterThanOrEqual(spent);
    expect(counted).toBeLessThanOrEqual(dollar);

    const billOf = (id: string | null) => bills.find((bill) => bill.id === id)?.billed ?? 0;
    expect(recorded.filter((call) => call.counted < billOf(call.upstreamRequestId))).toEqual([]);
    const reported = recorded.filter(({ cost, usage }) => usage !== null && cost !== null);
    expect(reported.filter((call) => call.counted !== billOf(call.upstreamRequestId))).toEqual([]);
    // What was to be looked for was there.
    expect(Math.min(reported.length, refused)).toBeGreaterThan(0);
    expect(answers.some(({ status }) => status === 0)).toBe(kills > 0);
  },
  300_000,
);

function tally(words: readonly (string | number)[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(words, String)].map(([word, all]) => [word, all.length]));
}
