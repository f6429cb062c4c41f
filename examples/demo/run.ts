/** `npm run demo` starts everything and leaves it to you; `npm run demo -- --auto` walks the journey by itself. */

import { walk } from './journey.ts';
import { Demo } from './parts.ts';

const brokerPort = 8787;
const appPort = 8790;

const demo = new Demo();
try {
  await (process.argv.includes('--auto') ? automatic() : interactive());
} catch (error) {
  console.error(`\n✗ ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await demo.close();
}

async function automatic(): Promise<void> {
  let steps = 0;
  await walk(demo, (step) => {
    steps += 1;
    console.log(`${String(steps).padStart(2)}. ${step}`);
  });
  console.log('\n✓ The whole journey, from deposit to refusal.');
}

async function interactive(): Promise<void> {
  const sandbox = await demo.startSandbox();
  const broker = await demo.startBroker(sandbox.url, brokerPort);
  const email = 'you@example.com';
  const { password } = await demo.command<{ password: string }>([
    'user',
    'create',
    '--email',
    email,
    '--operator',
  ]);
  const app = await demo.command<{ client_id: string; client_secret: string }>([
    ...['app', 'create', '--owner', email, '--name', 'Postcards', '--scope', 'openai:text openai:images'],
    ...['--redirect-uri', 'http://127.0.0.1/callback'],
  ]);
  const { url } = await demo.startApp(broker.url, { id: app.client_id, secret: app.client_secret }, appPort);
  console.log(`
  1. Open the app        ${url}
     and connect your key.
  2. Sign in             ${email}
     password            ${password}
  3. Deposit a key       sk-sandbox-anything-you-like
     (the simulated provider: it costs nothing)
  4. Approve, write a postcard, and look at what the app did
                         ${broker.url}/activity

  Ctrl-C ends everything and forgets it.`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}
