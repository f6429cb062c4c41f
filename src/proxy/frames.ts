import type { RawData, WebSocket } from 'ws';

/** Bytes that may wait for a slow reader before nothing more is read for it. */
const mostWaiting = 1024 ** 2;

/** What came over a socket: text, or null for bytes, which nobody sends here. */
export type Frame = string | null;

/**
 * Handles the frames of a socket one after the other. While one takes its time no more are read, so that whoever sends
 * them has to wait as well.
 * @param isAhead reads on up to the next frame, so that an end is not only seen when all before it is done
 */
export function handleInTurn(
  socket: WebSocket,
  handle: (frame: Frame) => Promise<void> | undefined,
  isAhead = false,
): void {
  const waiting: Frame[] = [];
  let isHandling = false;

  const handleWaiting = async (first: Promise<void>) => {
    isHandling = true;
    if (!isAhead) socket.pause();
    await first;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (isAhead && waiting.length === 0) socket.resume();
      await handle(next);
    }
    isHandling = false;
    socket.resume();
  };

  socket.on('message', (data, isBinary) => {
    const frame = isBinary ? null : textOf(data);
    if (isHandling) {
      waiting.push(frame);
      socket.pause();
      return;
    }
    const underWay = handle(frame);
    if (underWay) void handleWaiting(underWay);
  });
}

/**
 * Sends a frame.
 * @param patience milliseconds that a slow reader gets; then its connection is cut
 * @returns when there is room for more, where there is none now
 */
export function send(socket: WebSocket, text: string, patience: number): Promise<void> | undefined {
  if (socket.bufferedAmount < mostWaiting) {
    socket.send(text, ignoreEnd);
    return undefined;
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), patience);
    socket.send(text, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** A socket that has ended is reported by 'close'. */
function ignoreEnd(): void {}

function textOf(data: RawData): string {
  return Buffer.isBuffer(data)
    ? data.toString('utf8')
    : Buffer.concat([data].flat().map(bytesOf)).toString('utf8');
}

function bytesOf(part: Buffer | ArrayBuffer): Buffer {
  return Buffer.isBuffer(part) ? part : Buffer.from(part);
}
