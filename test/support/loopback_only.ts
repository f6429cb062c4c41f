import { Socket } from 'node:net';
import { afterAll, expect } from 'vitest';

const dialled: string[] = [];
const connect = Socket.prototype.connect;

/** Refuses every connection that would leave this machine; the file that tried fails. */
Socket.prototype.connect = function guarded(this: Socket, ...args: unknown[]): Socket {
  const [first] = args.flat();
  const host =
    typeof first === 'object' && first !== null && 'host' in first ? String(first.host) : '127.0.0.1';
  if (!/^(127\.|::1$|localhost$)/.test(host)) {
    dialled.push(host);
    throw new Error(`A test dialled ${host}`);
  }
  return Reflect.apply(connect, this, args);
};

afterAll(() => {
  Socket.prototype.connect = connect;
  expect(dialled).toEqual([]);
});
