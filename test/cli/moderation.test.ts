import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand, runJson } from '../support/command_line.ts';
import { createHome, type Home } from '../support/home.ts';

const developer = 'ada@example.com';

let home: Home;
let clientId: string;
beforeAll(async () => {
  home = await createHome();
  await runJson(home, ['user', 'create', '--email', developer]);
  const app = await runJson<{ client_id: string }>(home, [
    ...['app', 'create', '--owner', developer, '--name', 'Notes', '--scope', 'openai:text'],
    ...['--redirect-uri', 'https://app.example.com/callback'],
  ]);
  clientId = app.client_id;
});
afterAll(() => home.remove());

const required = async () =>
  (await home.query<{ required_moderation: string }>('select required_moderation from clients'))[0];

test('the operator demands moderation of an app, and no more', async () => {
  expect(await runJson(home, ['app', 'moderation', clientId, 'block'])).toEqual({
    client_id: clientId,
    required_moderation: 'block',
  });
  expect(await required()).toEqual({ required_moderation: 'block' });
  await runJson(home, ['app', 'moderation', clientId, 'off']);
  expect(await required()).toEqual({ required_moderation: 'off' });
});

test('moderation of an unknown app, or of an unknown kind, is refused in a sentence', async () => {
  expect(await runCommand(home, ['app', 'moderation', 'cli_none', 'flag'])).toMatchObject({ code: 1 });
  expect(await runCommand(home, ['app', 'moderation', clientId, 'sometimes'])).toMatchObject({ code: 2 });
  expect(await required()).toEqual({ required_moderation: 'off' });
});
