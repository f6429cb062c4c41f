/** What a person's browser does with plain pages: keeps cookies, follows redirects, fills in forms. No script, no layout. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();
  #lastUrl = '';

  /** Where it went last, even if nobody answered there. */
  get lastUrl(): string {
    return this.#lastUrl;
  }

  /** Names and values of the cookies it holds for a site. */
  cookies(url: string): ReadonlyMap<string, string> {
    return this.#cookies.get(new URL(url).host) ?? new Map();
  }

  open(url: string): Promise<Page> {
    return this.#request(url, undefined);
  }

  /**
   * Fills in the page's form whose action ends with `action` and sends it.
   * @param fields what the person types or ticks, beside the form's hidden fields
   * @throws when the page has no such form
   */
  submit(
    page: Page,
    action: string,
    fields: Readonly<Record<string, string | readonly string[]>>,
  ): Promise<Page> {
    for (const [, attributes = '', body = ''] of page.text.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)) {
      const target = attribute(attributes, 'action') ?? '';
      if (!target.endsWith(action)) continue;
      const form = new URLSearchParams();
      for (const [, input = ''] of body.matchAll(/<input\b([^>]*)>/g)) {
        const name = attribute(input, 'name');
        if (name && attribute(input, 'type') === 'hidden' && !(name in fields)) {
          form.append(name, attribute(input, 'value') ?? '');
        }
      }
      for (const [name, value] of Object.entries(fields)) {
        for (const one of [value].flat()) form.append(name, one);
      }
      return this.#request(new URL(target, page.url).href, form);
    }
    throw new Error(`${page.url} (status ${page.status}) has no form that goes to ${action}`);
  }

  async #request(url: string, form: URLSearchParams | undefined): Promise<Page> {
    this.#lastUrl = url;
    const { origin, host } = new URL(url);
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    const response = await fetch(url, {
      redirect: 'manual',
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form ? { origin, 'sec-fetch-site': 'same-origin' } : {}),
      },
      ...(form ? { method: 'POST', body: form } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location && response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      return this.open(new URL(location, url).href);
    }
    return { url, status: response.status, text: await response.text() };
  }
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value?.replace(/&(\w+|#39);/g, (whole, entity: string) => entities[entity] ?? whole);
}
