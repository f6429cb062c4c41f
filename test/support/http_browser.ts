/** A person's browser as far as HTTP goes: it keeps cookies and stops at each redirect. */
export class HttpBrowser {
  readonly cookies: Map<string, string>;
  readonly #baseUrl: string;

  constructor(baseUrl: string, cookies: ReadonlyMap<string, string> = new Map()) {
    this.#baseUrl = baseUrl;
    this.cookies = new Map(cookies);
  }

  /** @param url absolute, or a path on the server */
  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0) {
      headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    }
    const response = await fetch(new URL(url, this.#baseUrl), { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  /** A copy with the same cookies, as somebody has who copied them. */
  clone(): HttpBrowser {
    return new HttpBrowser(this.#baseUrl, this.cookies);
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/max-age=0/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
