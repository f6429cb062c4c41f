import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHome, type Home } from '../support/home.ts';
import { attackBudget, type Bill, type Recorded, sum } from './budget_attack.ts';
import { anthropicArms } from './support/anthropic_shots.ts';
import { geminiArms } from './support/gemini_shots.ts';
import { openaiArms } from './support/openai_shots.ts';

const isFull = process.env.COATCHECK_TEST_FULL === '1';
const calls = isFull ? 500 : 100;
const seed = Number(process.env.COATCHECK_TEST_SEED ?? Date.now() % 1_000_000);
const dollar = 1_000_000_000;

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.remove());

const arms = { openai: openaiArms, anthropic: anthropicArms, gemini: geminiArms };
type Armed = keyof typeof arms;

const attacks: readonly { providers: readonly [Armed, ...Armed[]]; kills: number; strict: boolean }[] = [
  { providers: ['openai', 'anthropic', 'gemini'], kills: 1, strict: false },
  { providers: ['openai'], kills: 0, strict: true },
  { providers: ['anthropic'], kills: 0, strict: false },
  { providers: ['gemini'], kills: 0, strict: true },
  { providers: ['openai', 'anthropic', 'gemini'], kills: 6, strict: false },
];

it.each(isFull ? attacks : attacks.slice(0, 1))(
  '155 a dollar that many calls at once attack from all sides is never exceeded: %j',
  async ({ providers, kills, strict }) => {
    const result = await attackBudget({
      ...{ home, calls, kills, seed, providers },
      shots: providers.flatMap((provider) => arms[provider].shots),
      last: arms[providers[0]].last,
      budgets: [
        { limit_usd: '1.00', limit_requests: 10_000, period: 'total', strict },
        { limit_usd: '1.01', period: 'month', strict },
      ],
      limits: { user: { limit: dollar, strict }, key: { limit: 1.02 * dollar, strict } },
    });
    const { bills, billed, recorded, counters, refused, answers } = result;
    const spent = sum(recorded.map(({ counted }) => counted));
    process.stdout.write(
      `budget attack on ${home.store}, COATCHECK_TEST_SEED=${seed}: ${JSON.stringify({
        ...{ providers, calls, kills, strict, billed, recorded: spent, refused },
        outcomes: tally(recorded.map(({ outcome }) => outcome)),
        answers: tally(answers.map(({ status, code }) => code ?? status)),
      })}\n`,
    );

    expect(billed).toBeLessThanOrEqual(dollar);
    expect(counters.filter(({ reserved }) => reserved !== 0)).toEqual([]);
    // One of the user; of each provider two, one of its key and one of requests.
    expect(counters).toHaveLength(1 + 4 * providers.length);
    // A strict budget counts the most where the record has an estimate.
    expect(counters.filter(({ spent, due }) => (strict ? spent < due : spent !== due))).toEqual([]);
    expect(counters.filter((counter) => counter.unit === 'nano_usd' && counter.spent > dollar)).toEqual([]);

    expect(unpaid(bills, recorded)).toEqual([]);
    // What was to be looked for was there.
    expect(Math.min(recorded.filter(isReported).length, refused)).toBeGreaterThan(0);
    expect(answers.some(({ status }) => status === 0)).toBe(kills > 0);
  },
  300_000,
);

const isReported = ({ usage, cost }: Recorded) => usage !== null && cost !== null;

/**
 * Bills that are higher than what their call counts as, and calls whose bill is another than was reported. Where a provider
 * does not name its requests, or a kill kept the name from the record, a bill is for the call that it fits.
 */
function unpaid(bills: readonly Bill[], recorded: readonly Recorded[]): readonly (Bill | Recorded)[] {
  const names = new Set([...recorded.map(({ upstreamRequestId }) => upstreamRequestId), null]);
  const billsOf = Map.groupBy(bills, ({ id }) => (names.has(id) ? id : null));
  const callsOf = Map.groupBy(recorded, ({ upstreamRequestId }) => upstreamRequestId);
  return [...names].flatMap((name) => {
    const open = (billsOf.get(name) ?? []).toSorted((a, b) => b.billed - a.billed);
    const calls = callsOf.get(name) ?? [];
    const wrong = calls.filter(isReported).filter(({ counted }) => {
      const place = open.findIndex(({ billed }) => billed === counted);
      if (place >= 0) open.splice(place, 1);
      return place < 0 && counted > 0;
    });
    const others = calls.filter((call) => !isReported(call));
    const highest = others.map(({ counted }) => counted).toSorted((a, b) => b - a);
    return [...wrong, ...open.filter(({ billed }, index) => billed > (highest[index] ?? 0))];
  });
}

function tally(words: readonly (string | number)[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...Map.groupBy(words, String)].map(([word, all]) => [word, all.length]));
}
