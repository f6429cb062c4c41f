import { afterAll, describe, expect, it } from 'vitest';
import type { HttpBrowser } from '../support/http_browser.ts';
import { expectPage } from './expect_page.ts';
import { answerOf, authorizeUrl } from './flow.ts';
import { startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();

async function begin(browser: HttpBrowser): Promise<string> {
  const response = await browser.request(authorizeUrl(target, app));
  return response.headers.get('location') ?? '';
}

async function approved(browser: HttpBrowser): Promise<string> {
  return target.decide(browser, await begin(browser), { approve: true });
}

/** Every answer to a browser: pages, and redirects with something in their address. */
async function everyAnswer(): Promise<readonly Response[]> {
  const browser = await target.signIn();
  const next = await approved(browser);
  return [
    await browser.request('/oauth/authorize'),
    await browser.request(authorizeUrl(target, app, { scope: 'no:such' })),
    await browser.request(authorizeUrl(target, app)),
    await browser.request(next),
    await browser.request(next),
    await browser.request('/oauth/resume/arq_nothing'),
    await browser.request('/oauth/authorize', { method: 'POST' }),
  ];
}

describe('browser and session', () => {
  it('31 no answer can be framed', async () => {
    for (const { headers } of await everyAnswer()) {
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-frame-options')).toBe('DENY');
    }
  });

  it('32 no answer passes its address on or loads anything from elsewhere', async () => {
    for (const response of await everyAnswer()) {
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(await response.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
    }
  });

  it('33 no answer is stored or sniffed', async () => {
    for (const { headers } of await everyAnswer()) {
      expect(headers.get('cache-control')).toContain('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('36 another browser cannot collect the answer, whoever is signed in there', async () => {
    const browser = await target.signIn();
    const next = await approved(browser);
    await expectPage(await (await target.signIn()).request(next));
    await expectPage(await target.newBrowser().request(next));
    expect(answerOf(await browser.request(next), app)?.has('code')).toBe(true);
  });

  it('36 a user cannot collect the answer that another one gave in the same browser', async () => {
    const browser = await target.signIn();
    const next = await approved(browser);
    const sharedMachine = await target.signIn();
    sharedMachine.cookies.set('coatcheck_browser', browser.cookies.get('coatcheck_browser') ?? '');
    await expectPage(await sharedMachine.request(next));
  });

  it('36 the same user cannot collect it in another browser, nor a refusal', async () => {
    for (const approve of [true, false]) {
      const browser = await target.signIn();
      const next = await target.decide(browser, await begin(browser), { approve });
      const elsewhere = browser.clone();
      elsewhere.cookies.set('coatcheck_browser', 'ccbr_another');
      await expectPage(await elsewhere.request(next));
      expect(answerOf(await browser.request(next), app)?.has(approve ? 'code' : 'error')).toBe(true);
    }
  });

  it('36 nobody can decide on a request that another browser began', async () => {
    const consentUrl = await begin(await target.signIn());
    const other = await target.signIn();
    await begin(other);
    await expect(target.decide(other, consentUrl, { approve: true })).rejects.toThrow();
  });

  it('36 before the decision there is no answer, only the way back to the consent page', async () => {
    const browser = await target.signIn();
    const consentUrl = await begin(browser);
    const response = await browser.request(`/oauth/resume/${consentUrl.split('/').at(-1)}`);
    expect(response.headers.get('location')).toBe(consentUrl);
  });

  it('37 parameters added on the way back change nothing', async () => {
    const browser = await target.signIn();
    const next = await approved(browser);
    const tampered = `${next}?redirect_uri=https://evil.example/&scope=openai:images&client_id=cli_other`;
    expect(answerOf(await browser.request(tampered), app)?.has('code')).toBe(true);
  });

  it('38 one approval gives one code, also to parallel requests', async () => {
    const browser = await target.signIn();
    const next = await approved(browser);
    const answers = await Promise.all(Array.from({ length: 8 }, () => browser.request(next)));
    expect(answers.filter((answer) => answerOf(answer, app)?.has('code'))).toHaveLength(1);
  });

  it('38 a consent that is submitted twice gives one code', async () => {
    const browser = await target.signIn();
    const consentUrl = await begin(browser);
    const nexts = await Promise.all([1, 2].map(() => target.decide(browser, consentUrl, { approve: true })));
    const answers = await Promise.all(nexts.map((next) => browser.request(next)));
    expect(answers.filter((answer) => answerOf(answer, app)?.has('code'))).toHaveLength(1);
    const again = await target.decide(browser, consentUrl, { approve: true });
    await expectPage(await browser.request(again));
  });

  it('36 a request that was not decided in time is over', async () => {
    const browser = await target.signIn();
    const next = await approved(browser);
    target.advance(31 * 60);
    await expectPage(await browser.request(next));
  });
});
