import type { IncomingHttpHeaders } from 'node:http';
import type { Provider } from '../catalog/provider.ts';

/** Response headers of the provider that apps see, besides the content type. All others name its account or network. */
const shown = ['retry-after', 'retry-after-ms', 'x-should-retry'];
const plain = /^[\w .:,+-]{1,64}$/;

/** @returns names and values in turn */
export function responseHeaders(received: IncomingHttpHeaders): string[] {
  return shown.flatMap((name) => {
    const value = received[name];
    return typeof value === 'string' && plain.test(value) ? [name, value] : [];
  });
}

/** The content type without its parameters, in lower case; empty when there is none. */
export function mediaType(headers: IncomingHttpHeaders): string {
  return headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Whether a body is compressed, or otherwise not what its content type says. */
export function hasContentCoding(headers: IncomingHttpHeaders): boolean {
  return !/^(identity)?$/i.test(headers['content-encoding'] ?? '');
}

/** The content type with its parameters, where these are plain. @returns name and value */
export function contentType(received: IncomingHttpHeaders): readonly string[] {
  const value = received['content-type'] ?? '';
  return ['content-type', /^[\w.+/;= "-]{1,100}$/.test(value) ? value : mediaType(received)];
}

/** With the length known an app notices an answer that was cut short. @returns name and value, or nothing */
export function contentLength(received: IncomingHttpHeaders): readonly string[] {
  const value = received['content-length'] ?? '';
  return /^\d+$/.test(value) ? ['content-length', value] : [];
}

/** The provider's own id of a request, for the record. */
export function requestIdIn(received: IncomingHttpHeaders, { requestIdHeader }: Provider): string | null {
  const value = received[requestIdHeader];
  return typeof value === 'string' && /^[\w.:-]{1,128}$/.test(value) ? value : null;
}
