/** In microseconds; so much of a rate can be used up at once after a pause. */
const minute = 60_000_000;

/**
 * Counts a call against a rate by the generic cell rate algorithm: after a pause as many calls at once as a minute has, then
 * one each time that the rate allows. So no minute sees more than twice the rate, and no longer time more than the rate and
 * one such burst.
 * @param theoreticalArrivalAt microseconds since the epoch; when the next call would come if all came evenly
 * @param now milliseconds since the epoch
 * @returns where the rate stands with the call and how many more are let through at once, or the milliseconds until one is
 */
export function countCall(
  requestsPerMinute: number,
  theoreticalArrivalAt: number,
  now: number,
):
  | { readonly kind: 'counted'; readonly theoreticalArrivalAt: number; readonly left: number }
  | { readonly kind: 'wait'; readonly milliseconds: number } {
  const at = now * 1000;
  const interval = Math.ceil(minute / requestsPerMinute);
  const latest = at + interval * requestsPerMinute;
  // Further ahead than any call can have brought it: the clock was set back.
  const isStale = theoreticalArrivalAt > latest + minute;
  const next = (isStale ? at : Math.max(theoreticalArrivalAt, at)) + interval;
  if (next <= latest) {
    return { kind: 'counted', theoreticalArrivalAt: next, left: Math.floor((latest - next) / interval) };
  }
  return { kind: 'wait', milliseconds: Math.ceil((next - latest) / 1000) };
}

/**
 * How many calls a rate lets through at once.
 * @param theoreticalArrivalAt microseconds since the epoch
 * @param now milliseconds since the epoch
 */
export function callsLeft(requestsPerMinute: number, theoreticalArrivalAt: number, now: number): number {
  const next = countCall(requestsPerMinute, theoreticalArrivalAt, now);
  return next.kind === 'wait' ? 0 : next.left + 1;
}
