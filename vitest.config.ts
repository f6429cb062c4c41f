import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    pool: 'forks',
    // Many tests wait for processes of their own: by default two cores would get one worker.
    maxWorkers: 2,
    globalSetup: ['test/support/build.ts', 'test/support/postgres.ts'],
    setupFiles: ['test/support/loopback_only.ts'],
    include: ['test/**/*.test.{ts,tsx}'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
