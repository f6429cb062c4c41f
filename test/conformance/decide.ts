import type { HttpBrowser } from '../support/http_browser.ts';
import type { Decision } from './target.ts';

/** Fills in the consent page as a person does. */
export async function decideByForm(
  browser: HttpBrowser,
  consentUrl: string,
  decision: Decision,
): Promise<string> {
  const page = await (await browser.request(consentUrl)).text();
  const fields = [...page.matchAll(/<input[^>]*>/g)].map(([input]) => ({
    name: /name="([^"]*)"/.exec(input)?.[1],
    value: /value="([^"]*)"/.exec(input)?.[1] ?? '',
  }));
  const valuesOf = (name: string) => fields.flatMap((field) => (field.name === name ? [field.value] : []));
  const [csrf] = valuesOf('csrf');
  if (csrf === undefined) throw new Error('there is nothing to decide on');
  const form = new URLSearchParams({ csrf, decision: decision.approve ? 'approve' : 'deny', life: 'month' });
  for (const scope of decision.scopes ?? valuesOf('scope')) form.append('scope', scope);
  const response = await browser.request(consentUrl, { method: 'POST', body: form });
  const next = response.headers.get('location');
  if (response.status !== 303 || next === null) throw new Error(`consent answered ${response.status}`);
  return next;
}
