import { type Broker, password } from './broker.ts';
import { HttpBrowser } from './http_browser.ts';

/** What a form post sends: each field once or several times; undefined leaves one out. */
export type FormFields = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Screen {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** Where it redirects to; null when it does not. */
  readonly location: string | null;
  /** What a reader sees: tags stripped, entities decoded, spaces collapsed. */
  readonly text: string;
  /** Value of the CSRF field, if the page has a form. */
  readonly csrf: string | undefined;
}

/** Somebody at a browser without JavaScript, who sends forms with the token of the page they stand on. */
export class Person extends HttpBrowser {
  #csrf: string | undefined;

  constructor({ url }: Pick<Broker, 'url'>, cookies?: ReadonlyMap<string, string>) {
    super(url, cookies);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Screen> {
    return this.#look(path, { headers });
  }

  /** Posts a form as the browser would from a page of ours. */
  post(path: string, fields: FormFields = {}, headers: Record<string, string> = {}): Promise<Screen> {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries({ csrf: this.#csrf, ...fields })) {
      for (const one of value === undefined ? [] : [value].flat()) body.append(name, one);
    }
    return this.#look(path, { method: 'POST', body, headers });
  }

  /** Opens a page and posts to it. */
  async submit(path: string, fields: FormFields = {}): Promise<Screen> {
    await this.get(path);
    return this.post(path, fields);
  }

  async signIn(email: string): Promise<void> {
    const screen = await this.submit('/sign-in', { email, password });
    if (screen.status !== 303) throw new Error(`sign-in answered ${screen.status}`);
    await this.get('/account');
  }

  async #look(path: string, init: RequestInit): Promise<Screen> {
    const response = await this.request(path, init);
    const html = await response.text();
    const csrf = /name="csrf" value="([^"]*)"/.exec(html)?.[1];
    this.#csrf = csrf ?? this.#csrf;
    return {
      status: response.status,
      headers: response.headers,
      html,
      location: response.headers.get('location'),
      text: textOf(html),
      csrf,
    };
  }
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};

function textOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? entity)
    .replace(/\s+/g, ' ')
    .trim();
}
