import { expect, test } from 'vitest';
import { OAuthError } from '../../src/oauth/errors.ts';
import { readForm } from '../../src/oauth/form.ts';

const formType = 'application/x-www-form-urlencoded';

async function* breakingOff(error: Error): AsyncGenerator<Uint8Array> {
  yield Buffer.from('grant_type=');
  throw error;
}

test('a form that breaks off is the client’s doing', async () => {
  const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  const failure = await readForm(formType, breakingOff(aborted)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(OAuthError);
  expect(failure).toMatchObject({ code: 'invalid_request', cause: undefined });
});

test('any other failure to read is ours', async () => {
  await expect(readForm(formType, breakingOff(new Error('a bug')))).rejects.toThrow('a bug');
});
