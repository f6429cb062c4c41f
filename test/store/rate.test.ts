import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countCall } from '../../src/store/rate.ts';

const minute = 60_000;

/** Asks at these moments, in milliseconds. @returns those at which a call was let through */
function passed(requestsPerMinute: number, moments: readonly number[]): readonly number[] {
  let standing = 0;
  return moments.filter((moment) => {
    const counted = countCall(requestsPerMinute, standing, moment);
    if (counted.kind === 'counted') standing = counted.theoreticalArrivalAt;
    return counted.kind === 'counted';
  });
}

const rates = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 60_000 }));
const start = 1_795_000_000_000;
const moments = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20_000 })), { minLength: 1, maxLength: 300 })
  .map((gaps) => {
    let at = start;
    return gaps.map((gap) => {
      at += gap;
      return at;
    });
  });

it('no minute sees more than twice the rate, and no longer time more than the rate and one burst', () => {
  fc.assert(
    fc.property(rates, moments, (rate, asked) => {
      const through = passed(rate, asked);
      for (const [index, first] of through.entries()) {
        for (let last = index; last < through.length; last += 1) {
          const minutes = ((through[last] ?? 0) - first) / minute;
          expect(last - index + 1).toBeLessThanOrEqual(rate + Math.floor(rate * minutes));
        }
      }
    }),
  );
});

it('whoever waits as long as told is let through, and one millisecond before is not', () => {
  fc.assert(
    fc.property(rates, (rate) => {
      let standing = 0;
      let result = countCall(rate, standing, start);
      let burst = 0;
      while (result.kind === 'counted') {
        burst += 1;
        standing = result.theoreticalArrivalAt;
        result = countCall(rate, standing, start);
      }
      expect(burst).toBe(rate);
      const { milliseconds } = result;
      expect(countCall(rate, standing, start + milliseconds).kind).toBe('counted');
      expect(countCall(rate, standing, start + milliseconds - 1).kind).toBe('wait');
      expect(milliseconds).toBe(Math.ceil(minute / rate));
    }),
    { numRuns: 50 },
  );
});
