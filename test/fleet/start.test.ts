import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from '../../examples/demo/browser.ts';
import { type Fleet, startFleet } from '../support/fleet.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ empty: true });
});
afterAll(() => fleet.close());

describe('instances that start at once on an empty database', () => {
  it('are all ready, and each has its lease', async () => {
    const ready = await Promise.all(fleet.instances.map(({ url }) => fetch(`${url}/readyz`)));
    expect(ready.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await fleet.home.query('select id from instances')).toHaveLength(3);
  });

  it('make one signing key, which all of them publish', async () => {
    const published = await Promise.all(
      fleet.instances.map(async ({ url }) => (await fetch(`${url}/oauth/jwks`)).json()),
    );
    expect(await fleet.home.query('select kid from signing_keys')).toHaveLength(1);
    expect(published[0]).toMatchObject({ keys: [{ alg: 'ES256' }] });
    expect(published).toEqual([published[0], published[0], published[0]]);
  });

  it('each give out a set-up link, and all links together make one account', async () => {
    const links = fleet.instances.map(({ dataDir }) =>
      readFileSync(join(dataDir, 'setup-link'), 'utf8').trim(),
    );
    const before = fleet.passed.length;
    const pages = [];
    // The front proxy sends the first request to the first of them: none opens the link that it wrote itself.
    for (const link of [...links.slice(1), ...links.slice(0, 1)]) {
      const browser = new Browser();
      pages.push({ browser, page: await browser.open(link), link });
    }
    expect(pages.map(({ page }) => page.status)).toEqual([200, 200, 200]);
    expect(fleet.passed.slice(before)).toEqual([0, 1, 2]);

    const made = await Promise.all(
      pages.map(({ browser, page, link }, number) =>
        browser.submit(page, new URL(link).pathname, {
          email: `person${number}@example.com`,
          password: 'correct horse battery',
        }),
      ),
    );
    expect(made.map(({ status }) => status).toSorted()).toEqual([200, 410, 410]);
    expect(await fleet.home.query('select operator from users')).toEqual([{ operator: true }]);
    const operator = pages[made.findIndex(({ status }) => status === 200)]?.browser;
    const page = await operator?.open(`${fleet.url}/operator`);
    expect(page).toMatchObject({ status: 200, text: expect.not.stringContaining('Invitations waiting') });
  });
});
