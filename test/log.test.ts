import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const log = join(import.meta.dirname, '..', 'src', 'log.ts');
const secret = join(import.meta.dirname, '..', 'src', 'lib', 'secret.ts');

/** What a process prints that logs like the broker does. */
function printed(statement: string): string {
  const script = `
    import { createLogger } from ${JSON.stringify(log)};
    import { Secret } from ${JSON.stringify(secret)};
    const log = createLogger('info', process.stdout);
    ${statement}`;
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
}

describe('log', () => {
  it('writes one JSON object a line with time and level', () => {
    expect(JSON.parse(printed(`log.info({ port: 1 }, 'hello')`))).toMatchObject({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      port: 1,
      msg: 'hello',
    });
  });

  it('cannot print a Secret, wherever it stands', () => {
    const text = printed(`
      const key = new Secret('sk-canary');
      log.info({ key, deep: { list: [key] } }, 'with %s %o %j', key, key, key);
      log.error(Object.assign(new Error('failed'), { request: { key }, cause: new Error('because') }));`);
    expect(text).toContain('[secret]');
    expect(text).toContain('because');
    expect(text).not.toContain('sk-canary');
  });

  it('hides fields that are named like a secret, and what libraries hang on their errors', () => {
    const text = printed(`
      log.info({ token: 'canary-1', headers: { authorization: 'canary-2' } });
      log.error({ err: Object.assign(new Error('failed'), { headers: ['canary-3'] }) });`);
    expect(text).not.toContain('canary');
  });
});
