/**
 * The sandbox's tokenizer: a token is as many whole characters as fit into 4 bytes of UTF-8. For ASCII that is
 * ceil(length / 4). Counting, cutting at a limit and streaming all follow this one rule, so that they agree.
 */
const bytesPerToken = 4;

/** What an image, a sound or a file counts as in a prompt. */
export const tokensPerAttachment = 85;

/** The tokens of a text. Joined again they are the text. */
export function splitTokens(text: string): string[] {
  const tokens: string[] = [];
  let token = '';
  let bytes = 0;
  for (const character of text) {
    const size = Buffer.byteLength(character);
    if (bytes + size > bytesPerToken) {
      tokens.push(token);
      token = '';
      bytes = 0;
    }
    token += character;
    bytes += size;
  }
  if (token !== '') tokens.push(token);
  return tokens;
}

/** How many tokens a text has. */
export function countTokens(text: string): number {
  const isAscii = Buffer.byteLength(text) === text.length;
  return isAscii ? Math.ceil(text.length / bytesPerToken) : splitTokens(text).length;
}
