import { defineConfig } from 'vitest/config';

const isElsewhere = process.env.ISSUER !== undefined;

/** For `npm run conformance`: against the server at `ISSUER`, or against servers that the tests start. */
export default defineConfig({
  test: {
    include: ['test/conformance/*.test.ts'],
    // These need servers that are set up for them, from their first line on.
    exclude: isElsewhere ? ['**/{client_metadata_documents,limits,registration}.test.ts'] : [],
    globalSetup: isElsewhere ? ['test/conformance/elsewhere_setup.ts'] : [],
    setupFiles: isElsewhere ? [] : ['test/support/loopback_only.ts'],
    provide: { store: 'sqlite' },
    pool: 'forks',
    // One after the other: a server counts what comes from one address.
    maxWorkers: isElsewhere ? 1 : 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['verbose'],
  },
});
