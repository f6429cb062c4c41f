import { expect } from 'vitest';

/** What an app sees of a call while the store is out of order. */
export async function expectCallUnavailable(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(response.headers.get('x-should-retry')).toBeNull();
  expect(await response.json()).toMatchObject({
    error: { code: 'broker_unavailable', type: 'server_error', source: 'coatcheck' },
  });
}

/** What it sees of a request for tokens then. */
export async function expectTokensUnavailable(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
  expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' });
}
