const lf = 0x0a;
const cr = 0x0d;

/** Cuts a stream of server-sent events (HTML Living Standard §9.2.6) at its blank lines, wherever chunks begin and end. */
export interface EventSplitter {
  /**
   * Takes a chunk.
   * @returns the events that are now complete, each with its line ends. Where a chunk ended between the CR and the LF that
   *   end an event, the LF follows as a piece of its own.
   */
  push(chunk: Buffer): readonly Buffer[];
  /** Bytes of an event that has begun and is not complete. */
  readonly held: number;
}

/** A splitter for one stream. */
export function createEventSplitter(): EventSplitter {
  let begun: Buffer[] = [];
  let held = 0;
  let isLineEmpty = true;
  let isAfterCr = false;

  return {
    get held() {
      return held;
    },

    push(chunk) {
      const events: Buffer[] = [];
      let start = 0;
      const cut = (end: number) => {
        const piece = chunk.subarray(start, end);
        events.push(held === 0 ? piece : Buffer.concat([...begun, piece]));
        begun = [];
        held = 0;
        start = end;
      };
      for (let index = 0; index < chunk.length; index += 1) {
        const byte = chunk[index];
        const endsCrLf = byte === lf && isAfterCr;
        isAfterCr = byte === cr;
        if (endsCrLf) {
          // The event went out at its CR; this LF must not wait for the next event.
          if (index === start && held === 0) cut(index + 1);
        } else if (byte !== lf && byte !== cr) {
          isLineEmpty = false;
        } else if (!isLineEmpty) {
          isLineEmpty = true;
        } else {
          if (isAfterCr && chunk[index + 1] === lf) {
            isAfterCr = false;
            index += 1;
          }
          cut(index + 1);
        }
      }
      if (start < chunk.length) {
        begun.push(chunk.subarray(start));
        held += chunk.length - start;
      }
      return events;
    },
  };
}

const lineEnd = /\r\n|\n|\r/;

/** The data of an event: its data lines, joined. Empty when it has none. */
export function dataOf(event: Buffer): string {
  return event
    .toString('utf8')
    .split(lineEnd)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(line.startsWith('data: ') ? 6 : 5))
    .join('\n');
}

/** The same event with other data. */
export function withData(event: Buffer, data: string): Buffer {
  const others = event
    .toString('utf8')
    .split(lineEnd)
    .filter((line) => line !== '' && !line.startsWith('data:'));
  return Buffer.from([...others, `data: ${data}`, '', ''].join('\n'));
}
