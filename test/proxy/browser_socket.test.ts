import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import { expect, it, onTestFinished } from 'vitest';
import { connect, startBroker } from '../support/broker.ts';
import { launchBrowser } from '../support/browser.ts';
import { startTlsFront } from '../support/tls.ts';
import { recordedCalls } from './support/sockets.ts';

const sdk = dirname(fileURLToPath(import.meta.resolve('openai')));

/** A page with the SDK as it is, each of its modules by itself. */
const page = `<!doctype html><title>App</title>
<script type="importmap">
  {"imports": {"#x509-transport-state": "/internal/auth/x509-transport-state.mjs"}}
</script>
<script type="module">
  import { OpenAI } from '/index.mjs';
  import { OpenAIRealtimeWebSocket } from '/realtime/websocket.mjs';
  const dangerouslyAllowBrowser = true;
  globalThis.openRealtime = (baseURL, apiKey, model) =>
    new OpenAIRealtimeWebSocket(
      { model, dangerouslyAllowBrowser },
      new OpenAI({ baseURL, apiKey, dangerouslyAllowBrowser, organization: 'org-canary', project: 'proj_canary' }),
    );
</script>`;

async function serveApp(): Promise<string> {
  const server = createServer(({ url = '/' }, response) => {
    const isModule = /\.m?js$/.test(url);
    response.setHeader('content-type', isModule ? 'text/javascript' : 'text/html');
    if (isModule) createReadStream(join(sdk, normalize(url))).pipe(response);
    else response.end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('a page talks live by the SDK, with its token among the subprotocols', async () => {
  const broker = await startBroker();
  onTestFinished(() => broker.close());
  const front = await startTlsFront(broker.url);
  onTestFinished(() => front.close());
  const { tokens } = await connect(broker);
  const { browser, close } = await launchBrowser();
  onTestFinished(close);
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const app = await context.newPage();
  await app.goto(await serveApp());
  await app.waitForFunction('globalThis.openRealtime');

  const said = await app.evaluate(
    async ([baseURL, token]) => {
      const { openRealtime } = globalThis as unknown as {
        openRealtime: (baseURL: string, token: string, model: string) => OpenAIRealtimeWebSocket;
      };
      const realtime = openRealtime(baseURL, token, 'gpt-realtime-2');
      const closed = new Promise<number>((resolve) => {
        realtime.socket.addEventListener('close', ({ code }) => resolve(code));
      });
      const failed = realtime.emitted('error').then((error) => {
        throw new Error(error.message);
      });
      const answer = async () => {
        await realtime.emitted('session.created');
        realtime.send({
          type: 'conversation.item.create',
          item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Good morning' }] },
        });
        realtime.send({ type: 'response.create', response: { output_modalities: ['text'] } });
        return (await realtime.emitted('response.output_text.done')).text;
      };
      const text = await Promise.race([answer(), failed, closed]);
      const { protocol } = realtime.socket;
      await realtime.emitted('response.done');
      realtime.close();
      return { text, protocol, code: await closed };
    },
    [`${front.url}/openai/v1`, tokens.access_token] as const,
  );
  expect(said).toEqual({ text: 'Sandbox answer to: Good morning', protocol: 'realtime', code: 1000 });
  const calls = await recordedCalls({ broker }, 2);
  expect(calls.map(({ outcome }) => outcome).toSorted()).toEqual(['answered', 'not_sent']);
  const [socket] = broker.sandbox.received().filter(({ method }) => method === 'WS');
  expect(socket?.headers).not.toHaveProperty('openai-organization');
});
