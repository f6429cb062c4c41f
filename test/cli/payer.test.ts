import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand, runJson } from '../support/command_line.ts';
import { createHome, type Home } from '../support/home.ts';

const developer = 'ada@example.com';
const user = 'grace@example.com';

let home: Home;
let clientId: string;
let keyId: string;

beforeAll(async () => {
  home = await createHome();
  for (const email of [developer, user]) await runJson(home, ['user', 'create', '--email', email]);
  keyId = await deposit(developer);
  const app = await runJson<{ client_id: string }>(home, [
    ...['app', 'create', '--owner', developer, '--name', 'Notes', '--scope', 'openai:text'],
    ...['--redirect-uri', 'https://app.example.com/callback'],
  ]);
  clientId = app.client_id;
});
afterAll(() => home.remove());

async function deposit(email: string): Promise<string> {
  const { key_id } = await runJson<{ key_id: string }>(
    home,
    ['key', 'deposit', '--user', email, '--provider', 'openai'],
    { input: `sk-sandbox-paying-${email.length}\n` },
  );
  return key_id;
}

const pay = (...options: readonly string[]) => ['app', 'pay', '--client', clientId, ...options];
const createGrant = () =>
  runCommand(home, [...['grant', 'create', '--user', user, '--client', clientId, '--scope', 'openai:text']]);

test('an app pays with a key of its owner, so that people without one can allow it something', async () => {
  expect((await createGrant()).code).toBe(1);
  expect(await runJson(home, pay('--key', keyId, '--when-used-up'))).toEqual({
    client_id: clientId,
    key_id: keyId,
    pays: true,
    when_used_up: true,
  });
  expect((await createGrant()).code).toBe(0);
  expect(await runJson(home, pay('--provider', 'openai', '--stop'))).toEqual({
    client_id: clientId,
    provider: 'openai',
    pays: false,
  });
  expect((await createGrant()).code).toBe(1);
});

test('nothing else is paid with, and half a command says what is missing', async () => {
  const theirs = await deposit(user);
  const refused = await runCommand(home, pay('--key', theirs));
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('keys of its owner only') });
  const unclear = [pay(), pay('--stop'), pay('--key', keyId, '--provider', 'openai')];
  for (const args of unclear) {
    expect(await runCommand(home, args)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Name a --key'),
    });
  }
  const stopped = await runCommand(home, pay('--provider', 'openai', '--stop'));
  expect(stopped).toMatchObject({ code: 1, stderr: expect.stringContaining('does not pay for openai') });
});
