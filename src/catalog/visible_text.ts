/** What providers call the text of an answer in the events of a stream. */
const words = ['content', 'text', 'delta', 'refusal'].map((word) => Buffer.from(`"${word}"`));

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const space = 0x20;

/** How many bytes of visible text an event of a stream holds, at least one: enough to bound its tokens, without parsing it. */
export function visibleBytes(event: Buffer): number {
  let bytes = 1;
  for (const word of words) {
    for (let at = event.indexOf(word); at >= 0; at = event.indexOf(word, at + 1)) {
      bytes += textLength(event, at + word.length);
    }
  }
  return bytes;
}

/** The length of the string that is the value of a key; 0 where it is something else. @param at behind the key */
function textLength(event: Buffer, at: number): number {
  let start = at;
  while (event[start] === colon || event[start] === space) start += 1;
  if (event[start] !== quote) return 0;
  let end = start + 1;
  while (end < event.length && event[end] !== quote) end += event[end] === backslash ? 2 : 1;
  return end - start - 1;
}
