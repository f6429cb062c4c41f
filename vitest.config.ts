import { defineConfig } from 'vitest/config';

const tests = 'test/**/*.test.{ts,tsx}';

/** What a broker serves, and how it fails. */
const onBothStores = ['conformance', 'faults', 'oauth', 'proxy', 'web'];
/** Of these, what is seen in a browser, and what has little to do with the store. */
const onOneStore = [
  'test/web/{browser,consent_journey,consent_redirect,journey,spending_journey}.test.ts',
  'test/faults/{client_faults,start,upstream_faults}.test.ts',
  'test/oauth/clients/oidc_client_ts.test.ts',
  'test/proxy/{sweep,browser_socket,leaks,steering,body,power_fields,usage_shapes,moderation,moderation_socket,azure,azure_resource}.test.ts',
  'test/proxy/{*_sdk,sdk,langchain,realtime,content_streams,message_streams,openai_leaks}.test.ts',
];

/** Several processes that share a PostgreSQL, whatever else a run is for. */
const fleet = 'test/fleet/**/*.test.ts';

/** By `npm run soak` and `npm run fuzz`. */
const byThemselves = 'test/{fuzz,soak}/**';

/** `npm run test:full` leaves nothing out. */
const isFull = process.env.COATCHECK_TEST_FULL === '1';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  test: {
    pool: 'forks',
    // A worker imports each module once, not again for each file: of what is ours, none keeps more than a cache.
    isolate: false,
    // Tests start hundreds of processes that compile the same modules.
    env: { NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/node` },
    // Many tests wait for processes of their own: by default two cores would get one worker.
    maxWorkers: 3,
    globalSetup: ['test/support/build.ts', 'test/support/postgres.ts'],
    setupFiles: ['test/support/loopback_only.ts'],
    // For a machine that has other things to do; what is promised in less is measured by the test itself.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'sqlite',
          include: [tests],
          exclude: isFull ? [fleet] : [fleet, byThemselves],
          provide: { store: 'sqlite' },
        },
      },
      {
        extends: true,
        test: {
          name: 'postgres',
          include: isFull
            ? [tests]
            : [...onBothStores.map((part) => `test/${part}/**/*.test.{ts,tsx}`), fleet],
          exclude: isFull ? [] : onOneStore,
          provide: { store: 'postgres' },
        },
      },
    ],
  },
});
