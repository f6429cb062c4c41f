import { expect } from 'vitest';

/** Expects a 4xx page for the person, which leads nowhere. @returns its HTML */
export async function expectPage(response: Response): Promise<string> {
  const html = await response.text();
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.status).toBeLessThan(500);
  expect(response.headers.get('location')).toBeNull();
  expect(response.headers.get('content-type')).toMatch(/^text\/html/);
  return html;
}
