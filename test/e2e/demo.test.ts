import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const script = join(import.meta.dirname, '..', '..', 'examples', 'demo', 'run.ts');

/** Runs the demo by itself. @param onStep hears of every step as it is printed */
async function runDemo(onStep: (line: string) => void): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [script, '--auto'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    for (const line of text.split('\n')) onStep(line);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

describe('npm run demo -- --auto', () => {
  it('walks the journey, ends with the refusal after revoking, and exits 0', async () => {
    const { code, output } = await runDemo(() => {});
    expect(output).toMatch(/grant_revoked[\s\S]*✓ The whole journey/);
    expect(code).toBe(0);
  });

  it('exits non-zero when the provider dies in the middle', async () => {
    let sandbox = 0;
    const { code, output } = await runDemo((line) => {
      sandbox ||= Number(/simulated provider .*\(process (\d+)\)/.exec(line)?.[1] ?? 0);
      if (line.includes('registered the app')) process.kill(sandbox, 'SIGKILL');
    });
    expect(output).toContain('✗');
    expect(output).toContain('provider_error');
    expect(code).toBe(1);
  });
});
