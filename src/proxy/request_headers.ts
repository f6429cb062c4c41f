import type { IncomingHttpHeaders } from 'node:http';
import { featureHeaders } from '../catalog/provider.ts';
import type { Admission } from './admit.ts';

const visible = /^[\x21-\x7e]{1,255}$/;
const mediaRanges = /^[\w.+*/,;= -]{1,200}$/;

/**
 * What goes upstream: the few headers of the app that matter, and those that carry the key. Nothing else of what the app
 * sent: not its token, no cookie, nothing that names another account or another way.
 * @returns names and values in turn
 */
export function requestHeaders(
  { provider, key, body, grantId, checked }: Admission,
  sent: IncomingHttpHeaders,
): string[] {
  const headers = ['accept', acceptOf(sent.accept), 'user-agent', 'coatcheck'];
  if (body) headers.push('content-type', body.contentType);
  for (const [name, value] of featureHeaders(provider, sent, checked?.scopes ?? []))
    headers.push(name, value);
  const idempotencyKey = sent['idempotency-key'];
  // Of its own for each grant: two apps must not get each other's answers.
  if (typeof idempotencyKey === 'string' && visible.test(idempotencyKey)) {
    headers.push('idempotency-key', `${grantId}-${idempotencyKey}`);
  }
  const { organization, project } = key;
  for (const [name, value] of provider.authorize({ key: key.key.unwrap(), organization, project })) {
    headers.push(name, value);
  }
  return headers;
}

function acceptOf(value: string | undefined): string {
  return value !== undefined && mediaRanges.test(value) ? value : '*/*';
}
