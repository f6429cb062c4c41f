import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTxtLookup, type TxtLookup } from '../../src/lib/txt_records.ts';
import { type NameServer, startNameServer } from '../support/name_server.ts';

let nameServer: NameServer;
let lookUp: TxtLookup;
beforeAll(async () => {
  nameServer = await startNameServer();
  lookUp = createTxtLookup({ nameServers: [nameServer.address] });
});
afterAll(() => nameServer.close());

test('each record comes in one piece', async () => {
  nameServer.records.set('notes.example.com', [['one ', 'and ', 'the same'], ['another']]);
  const answer = await lookUp('notes.example.com');
  expect(answer).toEqual({ kind: 'answered', records: ['one and the same', 'another'] });
});

test('what has just been published is found', async () => {
  expect(await lookUp('new.example.com')).toEqual({ kind: 'answered', records: [] });
  nameServer.records.set('new.example.com', []);
  expect(await lookUp('new.example.com')).toEqual({ kind: 'answered', records: [] });
  nameServer.records.set('new.example.com', [['here']]);
  expect(await lookUp('new.example.com')).toEqual({ kind: 'answered', records: ['here'] });
});

test('a look-up that is not answered is given up, and another is not', async () => {
  nameServer.records.set('silent.example.com', null);
  nameServer.records.set('notes.example.com', [['here']]);
  const began = Date.now();
  const silent = lookUp('silent.example.com');
  expect(await lookUp('notes.example.com')).toMatchObject({ kind: 'answered' });
  expect(await silent).toEqual({
    kind: 'failed',
    reason: 'the name service did not answer within five seconds',
  });
  expect(Date.now() - began).toBeLessThan(15_000);
});

test('a name that is none is not asked for', async () => {
  const answer = await lookUp(`${'x'.repeat(64)}.example.com`);
  expect(answer).toEqual({ kind: 'failed', reason: 'the name service gave no answer (EBADNAME)' });
});
