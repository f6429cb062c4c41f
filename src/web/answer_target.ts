import { isLoopback } from '../config.ts';
import type { AuthorizationRequest } from '../store/records.ts';

/** Where the answer to an authorization request goes, as a person and as a browser's policy understand it. */
export interface AnswerTarget {
  readonly kind: 'site' | 'this_computer' | 'this_device' | 'other_device';
  /** Host; scheme of a URI that only an app on the device answers to; the code that another device shows. */
  readonly name: string;
  /** As sources of the CSP directive `form-action`. */
  readonly formActions: readonly string[];
}

export function answerTarget({
  redirectUri,
  userCode,
}: Pick<AuthorizationRequest, 'redirectUri' | 'userCode'>): AnswerTarget {
  if (redirectUri === null) return { kind: 'other_device', name: userCode ?? '', formActions: [] };
  const { protocol, hostname, host, origin } = new URL(redirectUri);
  if (protocol !== 'https:' && protocol !== 'http:') {
    return { kind: 'this_device', name: protocol.slice(0, -1), formActions: [protocol] };
  }
  // CSP has no way to write an IPv6 host (Content Security Policy Level 3 §2.3.1): only the scheme is left.
  const formAction = hostname.startsWith('[') ? protocol : origin;
  return { kind: isLoopback(hostname) ? 'this_computer' : 'site', name: host, formActions: [formAction] };
}
