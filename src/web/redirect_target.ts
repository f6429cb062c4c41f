import { isLoopback } from '../config.ts';

/** Where a redirect URI leads, as a person and as a browser's policy understand it. */
export interface RedirectTarget {
  readonly kind: 'site' | 'this_computer' | 'this_device';
  /** Host, or scheme of a URI that only an app on the device answers to. */
  readonly name: string;
  /** As a source of the CSP directive `form-action`. */
  readonly formAction: string;
}

/** @param redirectUri a registered one */
export function redirectTarget(redirectUri: string): RedirectTarget {
  const { protocol, hostname, host, origin } = new URL(redirectUri);
  if (protocol !== 'https:' && protocol !== 'http:') {
    return { kind: 'this_device', name: protocol.slice(0, -1), formAction: protocol };
  }
  // CSP has no way to write an IPv6 host (Content Security Policy Level 3 §2.3.1): only the scheme is left.
  const formAction = hostname.startsWith('[') ? protocol : origin;
  return { kind: isLoopback(hostname) ? 'this_computer' : 'site', name: host, formAction };
}
