/**
 * Where to go on after sign-in or depositing a key, as far as it is a place on this site.
 * @param next from a link or form: anybody may have written it
 * @returns a path to put into a Location header; null when `next` leads elsewhere or is not there
 */
export function returnPath(next: string | null | undefined): string | null {
  const here = 'http://here.invalid';
  if (!next?.startsWith('/') || !URL.canParse(next, here)) return null;
  const url = new URL(next, here);
  const path = url.pathname + url.search;
  // `/.//elsewhere` becomes `//elsewhere`, which a browser reads as a host.
  return url.origin === here && !path.startsWith('//') ? path : null;
}

/** Adds `next` to a path when there is somewhere to go on to. */
export function withNext(path: string, next: string | null): string {
  return next === null ? path : `${path}?next=${encodeURIComponent(next)}`;
}
