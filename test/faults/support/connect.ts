import { connect, startBroker } from '../../support/broker.ts';
import type { Home } from '../../support/home.ts';

/** Makes an account with a sandbox key and an app that is connected to it. @param issuer of the server that serves it */
export async function connectApp(home: Home, issuer: string) {
  const broker = await startBroker({ home, env: { COATCHECK_ISSUER: issuer } });
  try {
    return await connect(broker, { scopes: ['openai:text'] });
  } finally {
    await broker.close();
  }
}

/** A streamed call, or a plain one. The model's name tells it apart upstream and in the record. */
export function call(url: string, token: string, model: string, { stream = true } = {}): Promise<Response> {
  return fetch(`${url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hello' }] }),
  });
}
