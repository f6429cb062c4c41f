import type * as Main from '../../src/main.ts';

/** Serves like `coatcheck serve`, but with a lease of a second, so that a test need not wait half a minute. */
const { serve }: typeof Main = await import(new URL('../../dist/main.js', import.meta.url).href);
await serve(process.env, { lease: { lease: 1, heartbeat: 0.2 } });
