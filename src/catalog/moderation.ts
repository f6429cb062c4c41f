import { isObject, type JsonObject } from '../lib/json.ts';

/** A route of a provider that judges, free of charge, whether content is harmful. */
export interface ModerationRules {
  /** Under the base URL. */
  readonly path: string;
  readonly content: ContentRules;
  /** In characters: longer texts are judged piece by piece. */
  readonly longestText: number;
  /** Texts that it takes in one request. */
  readonly mostTexts: number;
  /** Writes a request about these. */
  readonly ofTexts: (texts: readonly string[]) => JsonObject;
  /** @param url of the picture; it may hold the picture itself */
  readonly ofPicture: (url: string) => JsonObject;
  /** The names of the categories that content was found to be of, for each text or picture; null for what is no such answer. */
  readonly found: (answer: unknown) => readonly (readonly string[])[] | null;
}

/** Where the content is in the provider's request bodies. A key counts wherever it stands. */
export interface ContentRules {
  /** Keys of pictures: URLs, or objects with a `url`. */
  readonly pictures: readonly string[];
  /** Keys of what cannot be judged, such as files and sound: texts, lists, or objects with `data`. */
  readonly unseen: readonly string[];
  /** Keys of texts that can also be given as lists of tokens. */
  readonly tokens: readonly string[];
  /** Keys of words that are no content. */
  readonly unread: readonly string[];
}

/** What a model is to read, as far as it can be judged. */
export interface Content {
  readonly text: string;
  /** URLs. */
  readonly pictures: readonly string[];
  /** Nothing of it was left out because it cannot be judged. */
  readonly isWhole: boolean;
}

export interface ModerationRequest {
  readonly body: JsonObject;
  /** The texts and pictures in it. */
  readonly asked: number;
}

/** What the provider's moderation is to be asked about one call. */
interface ModerationRequests {
  readonly requests: readonly ModerationRequest[];
  /** Nothing is left out that a model would read. */
  readonly isWhole: boolean;
}

/** A longer text, or more pictures, would keep its call waiting for too long. */
const mostRequests = 16;

/** Names are content only where somebody has written them for a model, as in the schema of a tool. */
const plainName = /^[\w.$-]{0,32}$/;
/** Types, roles, models and ids, and what the provider has encrypted. Anything else under their keys is for a model to read. */
const plainWord = /^[\w.:/+=-]*$/;

/** An object or a list on the way through a body: what is in it, and by which keys that counts. */
interface Inside {
  readonly values: readonly unknown[];
  /** One for each value, or one for all of them. */
  readonly keys: readonly string[] | string;
  next: number;
}

/**
 * Finds what is to be judged in a request body: every text in it, whatever it is in.
 * @param mostText in characters: beyond it nothing more is looked for
 * @param mostPictures likewise
 */
export function contentOf(
  rules: ContentRules,
  body: JsonObject,
  { mostText, mostPictures }: { readonly mostText: number; readonly mostPictures: number },
): Content {
  const texts: string[] = [];
  const pictures = new Set<string>();
  let length = 0;
  let isWhole = true;

  const addText = (text: string) => {
    texts.push(text);
    length += text.length;
  };

  /** @returns what is inside of it, still to be taken */
  const take = (key: string, value: unknown): Inside | null => {
    if (typeof value === 'number' && rules.tokens.includes(key)) isWhole = false;
    if (typeof value !== 'string' && typeof value !== 'object') return null;
    if (rules.unread.includes(key) && typeof value === 'string' && plainWord.test(value)) return null;
    if (rules.unseen.includes(key) && isUnseen(value)) isWhole = false;
    else if (Array.isArray(value)) return { values: value, keys: key, next: 0 };
    else if (isObject(value)) return takeObject(key, value);
    else if (typeof value === 'string') takeText(key, value);
    return null;
  };

  const takeText = (key: string, text: string) => {
    if (!rules.pictures.includes(key)) return addText(text);
    pictures.add(text);
    // What is at an address now need not be there when the model looks.
    if (!text.startsWith('data:')) isWhole = false;
  };

  const takeObject = (key: string, value: JsonObject): Inside | null => {
    if (!Buffer.isBuffer(value.bytes)) {
      const names = Object.keys(value);
      for (const name of names) if (!plainName.test(name)) addText(name);
      const isPicture = rules.pictures.includes(key);
      const keys = isPicture ? names.map((name) => (name === 'url' ? key : name)) : names;
      return { values: Object.values(value), keys, next: 0 };
    }
    const url = pictureIn(value.contentType, value.bytes);
    if (url === null) isWhole = false;
    else pictures.add(url);
    return null;
  };

  const hasRoom = () => length <= mostText && pictures.size <= mostPictures;
  // No recursion: what the app nests it may nest deep.
  const open = [take('', body)];
  for (let inside = open.at(-1); inside && hasRoom(); inside = open.at(-1)) {
    const { values, keys, next } = inside;
    if (next === values.length) {
      open.pop();
      continue;
    }
    inside.next += 1;
    const deeper = take((typeof keys === 'string' ? keys : keys[next]) ?? '', values[next]);
    if (deeper) open.push(deeper);
  }
  return { text: texts.join('\n'), pictures: [...pictures], isWhole: isWhole && hasRoom() };
}

/** What the moderation is to be asked about a request body. */
export function moderationRequests(rules: ModerationRules, body: JsonObject): ModerationRequests {
  const { longestText, mostTexts } = rules;
  const mostText = longestText * mostTexts * mostRequests;
  const { text, pictures, isWhole } = contentOf(rules.content, body, {
    mostText,
    mostPictures: mostRequests,
  });
  const pieces = piecesOf(text.slice(0, mostText), longestText);
  const requests = [
    ...batches(pieces, mostTexts).map((texts) => ({ body: rules.ofTexts(texts), asked: texts.length })),
    ...pictures.map((url) => ({ body: rules.ofPicture(url), asked: 1 })),
  ];
  return {
    requests: requests.slice(0, mostRequests),
    isWhole: isWhole && text.length <= mostText && requests.length <= mostRequests,
  };
}

/** Characters that a piece repeats of what comes before: what is said across a cut is judged whole. */
const repeated = 200;
/** Half a character. */
const lowSurrogate = /^[\udc00-\udfff]/;

/** Cuts a text between words where it can. */
function piecesOf(text: string, longest: number): readonly string[] {
  const most = longest - repeated;
  const cuts = text.matchAll(new RegExp(`.{1,${most}}(?=\\s|$)|.{1,${most}}`, 'gsu'));
  return Array.from(cuts, ({ 0: piece, index }) => {
    const before = text.slice(Math.max(0, index - repeated), index);
    return before.replace(lowSurrogate, '') + piece;
  });
}

function batches<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

function isUnseen(value: unknown): boolean {
  return (
    typeof value === 'string' ||
    (Array.isArray(value) && value.length > 0) ||
    (isObject(value) && typeof value.data === 'string')
  );
}

function pictureIn(contentType: unknown, bytes: Buffer): string | null {
  const isPicture = typeof contentType === 'string' && /^image\/[\w.+-]+$/.test(contentType);
  return isPicture ? `data:${contentType};base64,${bytes.toString('base64')}` : null;
}
