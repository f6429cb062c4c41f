import OpenAI from 'openai';
import OpenAI6 from 'openai-6';
import { onTestFinished } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';

export const testKey = 'sk-sandbox-test-0123456789';

interface ClientOptions {
  baseURL: string;
  apiKey: string;
  maxRetries: number;
}

/** Both majors that must work, used alike. What the tests call exists in both. */
export const majors = [
  ['openai 7', (options: ClientOptions) => new OpenAI(options)],
  ['openai 6', (options: ClientOptions) => new OpenAI6(options) as unknown as OpenAI],
] as const;

/** A sandbox that ends with the test. */
export async function sandboxForTest(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  onTestFinished(() => sandbox.close());
  return sandbox;
}

export function clientFor(sandbox: Sandbox, apiKey: string = testKey): OpenAI {
  return new OpenAI({ baseURL: sandbox.url, apiKey, maxRetries: 0 });
}

/** A request without an SDK in between. Redirects are not followed. */
export function post(
  sandbox: Sandbox,
  path: string,
  body: unknown,
  options: { key?: string; signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(`${sandbox.url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { authorization: `Bearer ${options.key ?? testKey}`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

export function chat(model: string, more: object = {}): object {
  return { model, messages: [{ role: 'user', content: 'Hello there' }], ...more };
}

/** The error of an answer in OpenAI's shape, `undefined` when there is none. */
export async function errorOf(
  response: Response,
): Promise<{ message: string; code: string | null } | undefined> {
  return ((await response.json()) as { error?: { message: string; code: string | null } }).error;
}

/** The data of each event of a stream, parsed unless it is `[DONE]`. */
export function eventData(stream: string): unknown[] {
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice('data: '.length))
    .map((data) => (data === '[DONE]' ? data : JSON.parse(data)));
}

/** Waits until a condition holds, for five seconds at most. */
export async function eventually(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it never came true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
