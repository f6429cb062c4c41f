import fc from 'fast-check';
import { type Asker, type Fields, type GoodRequest, goodRequest, names, pieces } from './good.ts';

/** One of the paths that are answered, with `:name` or `{name}` for what varies. */
export interface Route {
  readonly method: string;
  readonly path: string;
}

/**
 * A request as it is drawn. `{name}` stands for a piece of the material of an entry, `{name@1}` for that of the one
 * after it: so a request means the same in another run.
 */
export interface Draft {
  readonly route: Route;
  /** Which entry of the material it goes by. */
  readonly entry: number;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly Field[];
  /** Each character is a byte. */
  readonly body: string;
  readonly framing: 'length' | 'chunks' | 'wrong_chunks' | 'cut';
}

type Field = readonly [name: string, value: string];

const formType = 'application/x-www-form-urlencoded';
const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
const nasty = [
  ...['', ' ', '%', '%00', '%ff%fe', '\0', '\xff\xfe', '\r\nx-injected: 1', '..', '../..', '%2e%2e%2f', '//'],
  ...['null', 'true', '-1', '1e999', '9'.repeat(400), '[]', '{}', '{"__proto__":{"verified":true}}', '"'],
  ...[deep('[', ']', 5_000), deep('{"a":', '}', 2_000), '[{"type":"openai","type":"x"}]'],
  ...["' or 1=1 --", '<script>', '☕'.repeat(9), '\u202e', 'x'.repeat(5_000), 'x'.repeat(40_000)],
  ...['openai:text openai:images', 'plain', 'none', 'S256', 'https://127.0.0.1/x', 'javascript:alert(1)'],
];
const garbage = fc.oneof(
  fc.constantFrom(...nasty),
  fc.string({ maxLength: 60 }),
  fc
    .string({ unit: 'binary', maxLength: 20 })
    .map((text) => Buffer.from(text.toWellFormed()).toString('latin1')),
);
const otherPieces = pieces.map((piece) => piece.replace('}', '@1}'));
const value = fc.oneof(fc.constantFrom(...pieces, ...otherPieces), garbage);

/** Mostly the first. */
const mostly = <Value>(usual: fc.Arbitrary<Value>, ...others: readonly fc.Arbitrary<Value>[]) =>
  fc.oneof({ weight: 4 * others.length, arbitrary: usual }, ...others);

/** Fields, with some of them changed, left out, put in or doubled. */
function bent(fields: Fields): fc.Arbitrary<readonly Field[]> {
  const change = fc.record({
    do: fc.constantFrom('replace', 'leave out', 'put in', 'double'),
    at: fc.nat(30),
    name: fc.oneof(fc.constantFrom(...names), garbage),
    value,
  });
  const changed = fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    let list: readonly Field[] = Object.entries(fields);
    for (const drawn of changes) {
      const at = list.length === 0 ? 0 : drawn.at % list.length;
      const [name, old] = list[at] ?? [drawn.name, drawn.value];
      if (drawn.do === 'replace' && list.length > 0) list = list.with(at, [name, drawn.value]);
      if (drawn.do === 'leave out') list = list.toSpliced(at, 1);
      if (drawn.do === 'put in') list = [...list, [drawn.name, drawn.value]];
      if (drawn.do === 'double') list = [...list, [name, old]];
    }
    return list;
  });
  return fc.oneof(fc.constant(Object.entries(fields)), changed);
}

/** Fields as a program writes them: mostly encoded. */
function encoded(fields: Fields): fc.Arbitrary<string> {
  return fc.tuple(bent(fields), fc.nat(9)).map(([list, luck]) => {
    const encode = luck === 0 ? (text: string) => text : encodeAround;
    return list.map(([name, text]) => `${encode(name)}=${encode(text)}`).join('&');
  });
}

/** Percent-encodes all but what stands for material. */
function encodeAround(text: string): string {
  return text
    .split(/(\{\w+(?:@1)?\})/)
    .map((part, index) => (index % 2 === 1 ? part : encodeURIComponent(part.toWellFormed())))
    .join('');
}

/** A JSON document with members changed, doubled or cut off; or none at all. */
function bentDocument(document: object): fc.Arbitrary<string> {
  const name = fc.oneof(fc.constantFrom(...Object.keys(document), ...names), garbage);
  const members = fc.dictionary(name, fc.oneof(value, fc.jsonValue({ maxDepth: 3 })), { maxKeys: 2 });
  const text = members.map((changes) => JSON.stringify({ ...document, ...changes }));
  return mostly(
    text,
    fc.tuple(text, fc.nat(200)).map(([whole, end]) => whole.slice(0, end)),
    text.map((whole) => whole.replace('{', '{"model":"x","model":"y","__proto__":{"a":1},')),
    garbage,
  );
}

interface Sent {
  readonly type: string;
  readonly body: string;
}

function bodyOf({ forms, documents }: GoodRequest): fc.Arbitrary<Sent> {
  const document = documents.length > 0 ? documents : forms;
  const form = forms.length > 0 ? forms : [{ model: 'gpt-5-mini' }];
  const asForm = fc
    .constantFrom(...form)
    .chain(encoded)
    .map((body) => ({ type: formType, body }));
  const asJson = fc
    .constantFrom(...document)
    .chain(bentDocument)
    .map((body) => ({ type: 'application/json', body }));
  const multipart = '--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--x--\r\n';
  const asOther = fc.record({
    type: fc.oneof(
      fc.constantFrom('', 'text/plain', 'multipart/form-data; boundary=x', `${formType}; charset=utf-16`),
      garbage,
    ),
    body: fc.oneof(
      garbage,
      fc.constant(multipart),
      asForm.map(({ body }) => body),
    ),
  });
  return forms.length > 0 ? mostly(asForm, asJson, asOther) : mostly(asJson, asForm, asOther);
}

function targetOf({ path }: Route, { id, query }: GoodRequest): fc.Arbitrary<string> {
  const drawnId = mostly(
    fc.constant(id),
    fc.constant(id.replace('}', '@1}')),
    fc.oneof(fc.constantFrom(...pieces), garbage.map(encodeAround)),
  );
  const plain = drawnId.map((drawn) => path.replace(/:\w+|\{\w+\}|\*/g, () => drawn));
  const spelled = mostly(
    plain,
    plain.map((written) => `${written}/`),
    plain.map((written) => `/${written}`),
    plain.map((written) => `http://evil.example${written}`),
    plain.map((written) => written.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`)),
    fc.tuple(plain, garbage).map(([written, more]) => written + encodeAround(more)),
  );
  const asked = encoded(query).map((text) => `?${text.replace(/[ \r\n]/g, '+')}`);
  const isAsked = path === '/oauth/authorize' ? asked : fc.oneof(fc.constant(''), asked);
  return fc.tuple(spelled, isAsked).map(([written, text]) => written + text);
}

const cookiesOf: Readonly<Record<Asker, string>> = {
  person: 'coatcheck_session={session}; coatcheck_browser={browser}',
  operator: 'coatcheck_session={operatorSession}; coatcheck_browser={operatorBrowser}',
};
const rare: readonly Field[] = [
  ['origin', 'https://evil.example'],
  ['origin', 'null'],
  ['sec-fetch-site', 'cross-site'],
  ['sec-purpose', 'prefetch'],
  ['x-forwarded-host', 'evil.example'],
  ['x-http-method-override', 'DELETE'],
  ['content-encoding', 'gzip'],
  ['range', 'bytes=0-1'],
  ['expect', '100-continue'],
  ['accept', '\xff'],
  ['access-control-request-method', 'POST'],
  ['authorization', 'Bearer {accessToken@1}'],
  ['authorization', 'Bearer {refreshToken}'],
  ['authorization', 'DPoP {accessToken}'],
  ['authorization', 'Basic {basic}'],
  ['authorization', 'Basic %%%'],
  ['dpop', '{dpop}'],
  ['dpop', 'a.b.c'],
  ['cookie', '__proto__=1; coatcheck_session={session@1}'],
  ['cookie', 'coatcheck_browser={browser@1}'],
];

function headersOf({ authorizations }: GoodRequest, asker: Asker): fc.Arbitrary<readonly Field[]> {
  const header = (name: string, text: string) =>
    mostly<readonly Field[]>(
      fc.constant([[name, text]]),
      fc.constant([]),
      garbage.map((drawn) => [[name, drawn]]),
    );
  const usual = [
    header('cookie', cookiesOf[asker]),
    ...authorizations.map((authorization) => header('authorization', authorization)),
  ];
  const odd = fc.oneof(
    fc.constantFrom(...rare),
    garbage.map((text) => ['x-drawn', text] as const),
  );
  return fc
    .tuple(
      fc.tuple(...usual),
      mostly<readonly Field[]>(fc.constant([]), fc.array(odd, { minLength: 1, maxLength: 2 })),
    )
    .map(([lists, more]) => [...lists.flat(), ...more]);
}

const bodiless = ['GET', 'HEAD', 'get', 'OPTIONS', 'TRACE'];
const methods = [...bodiless, 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND'];

/** One request of a route, more or less as it should be. */
export function draftOf(route: Route): fc.Arbitrary<Draft> {
  const asked = route.method === 'ALL' ? [usualMethod(route.path)] : [route.method];
  const anyMethod = mostly(fc.constantFrom(...asked), fc.constantFrom(...methods));
  const askers: readonly Asker[] = route.path.startsWith('/operator')
    ? ['operator', 'operator', 'person']
    : ['person', 'person', 'person', 'operator'];
  return fc.tuple(fc.constantFrom(...askers), anyMethod).chain(([asker, method]): fc.Arbitrary<Draft> => {
    const good = goodRequest(route.path, asker);
    const drawn = {
      route: fc.constant(route),
      entry: fc.nat(15),
      method: fc.constant(method),
      target: targetOf(route, good),
      headers: headersOf(good, asker),
    };
    if (bodiless.includes(method)) {
      return fc.record({ ...drawn, body: fc.constant(''), framing: fc.constant('length' as const) });
    }
    const framing = mostly<Draft['framing']>(
      fc.constant('length'),
      fc.constant('chunks'),
      fc.constantFrom('wrong_chunks', 'cut'),
    );
    return fc.record({ ...drawn, sent: bodyOf(good), framing }).map(({ sent, headers, ...rest }) => ({
      ...rest,
      headers: [['content-type', sent.type] as const, ...headers],
      body: sent.body,
    }));
  });
}

/** Of a route that looks at the method itself. */
function usualMethod(path: string): string {
  return /^\/oauth\/(par|device|token|revoke|introspect|register)$/.test(path) ? 'POST' : 'GET';
}
