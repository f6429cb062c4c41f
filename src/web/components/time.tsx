const exact = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});
const day = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});

/** A moment, to the minute. @param at milliseconds since the epoch */
export function Time({ at }: { readonly at: number }) {
  return <time datetime={new Date(at).toISOString()}>{`${exact.format(at)} UTC`}</time>;
}

/** A moment, to the day. @param at milliseconds since the epoch */
export function Day({ at }: { readonly at: number }) {
  return (
    <time datetime={new Date(at).toISOString()} title={`${exact.format(at)} UTC`}>
      {day.format(at)}
    </time>
  );
}

/** A moment in the past as how long ago it was, as far as that is short. Both in milliseconds since the epoch. */
export function Ago({ at, now }: { readonly at: number; readonly now: number }) {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes >= 24 * 60) return <Day at={at} />;
  return (
    <time datetime={new Date(at).toISOString()} title={`${exact.format(at)} UTC`}>
      {wordsFor(minutes)}
    </time>
  );
}

function wordsFor(minutes: number): string {
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  return `${Math.floor(minutes / 60)} h ago`;
}
