import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { password } from './broker.ts';

const systemBrowsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const installed = createRequire(import.meta.url);

/** A real Chromium: the system's if there is one, else the one that comes as an npm package. */
export async function launchBrowser(): Promise<{ readonly browser: Browser; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-browser-'));
  const browser = await chromium.launch({
    executablePath: systemBrowsers.find((path) => existsSync(path)) ?? (await unpackBrowser()),
    // Not the package's own arguments: they turn off the very web security that is under test.
    args: [
      '--no-sandbox',
      '--no-zygote',
      '--disable-dev-shm-usage',
      '--font-render-hinting=none',
      // Tests stay on this machine: a page that is sent elsewhere finds no such host.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
    env: { ...process.env, TMPDIR: folder },
  });
  return {
    browser,
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Unpacks the package's once, beside it, so that it goes with it. @returns the path of the program */
async function unpackBrowser(): Promise<string> {
  const unpacked = join(installed.resolve('@sparticuz/chromium'), '..', '..', 'unpacked');
  const program = join(unpacked, 'chromium');
  if (existsSync(program)) return program;
  // The package unpacks into the temp folder and takes whatever lies there already, so it gets one of its own.
  const draft = mkdtempSync(`${unpacked}-`);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = draft;
  try {
    const { default: packaged } = await import('@sparticuz/chromium');
    packaged.setGraphicsMode = false;
    await packaged.executablePath();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  try {
    renameSync(draft, unpacked);
  } catch (error) {
    // Another worker was first.
    rmSync(draft, { recursive: true });
    if (!existsSync(program)) throw error;
  }
  return program;
}

/** Fills in the sign-in form that a page shows. */
export async function signIn(page: Page, email: string): Promise<void> {
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

const axeSource = readFileSync(installed.resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What axe finds wrong with a page, as readable lines; empty when nothing is serious.
 * @param rules `colours` for a page whose structure has been checked before
 */
export async function seriousViolations(page: Page, rules: 'all' | 'colours'): Promise<readonly string[]> {
  // Half a megabyte: once for each page that is shown.
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axeSource);
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run(only === 'all' ? {} : { runOnly: ['color-contrast'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
      );
  }, rules);
}
