import type { HttpBrowser } from '../support/http_browser.ts';
import type { Decision } from './target.ts';

/** Fills in the consent page as a person does. */
export async function decideByForm(
  browser: HttpBrowser,
  consentUrl: string,
  { approve, scopes, life = 'month', limits = {} }: Decision,
): Promise<string> {
  const page = await (await browser.request(consentUrl)).text();
  const fields = [...page.matchAll(/<(?:input|textarea)([^>]*)>([^<]*)/g)].map(([, tag = '', text = '']) => ({
    name: /name="([^"]*)"/.exec(tag)?.[1] ?? '',
    value: /value="([^"]*)"/.exec(tag)?.[1] ?? text,
    isSent: !tag.includes('type="checkbox"') || /\bchecked\b/.test(tag),
  }));
  const valuesOf = (name: string) => fields.flatMap((field) => (field.name === name ? [field.value] : []));
  const [csrf] = valuesOf('csrf');
  if (csrf === undefined) throw new Error('there is nothing to decide on');
  const form = new URLSearchParams({ csrf, decision: approve ? 'approve' : 'deny', life });
  for (const scope of scopes ?? valuesOf('scope')) form.append('scope', scope);
  for (const { name, value, isSent } of fields) {
    if (name.includes('_') && isSent) form.append(name, limits[name] ?? value);
  }
  const response = await browser.request(consentUrl, { method: 'POST', body: form });
  const next = response.headers.get('location');
  if (response.status !== 303 || next === null) throw new Error(`consent answered ${response.status}`);
  return next;
}
