import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** A letter as it arrived. */
export interface Letter {
  readonly from: string;
  readonly to: readonly string[];
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A mail server on a free loopback port, which keeps what it is sent. */
export interface MailServer {
  readonly url: string;
  readonly letters: readonly Letter[];
  /** What it has been signed in with. */
  readonly signIns: readonly string[];
  /** While true, it takes no letter. */
  isFull: boolean;
  close(): Promise<void>;
}

export async function startMailServer(options: { readonly password?: string } = {}): Promise<MailServer> {
  const letters: Letter[] = [];
  const signIns: string[] = [];
  const state = { isFull: false };
  const server = new SMTPServer({
    authOptional: options.password === undefined,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth({ username, password }, _session, done) {
      signIns.push(`${username}:${password}`);
      if (password === options.password) done(null, { user: username ?? '' });
      else done(new Error('Wrong password'));
    },
    async onData(stream, { envelope }, done) {
      const letter = await text(stream);
      if (state.isFull) {
        done(Object.assign(new Error('No room'), { responseCode: 452 }));
        return;
      }
      const { mailFrom, rcptTo } = envelope;
      letters.push({
        from: mailFrom ? mailFrom.address : '',
        to: rcptTo.map(({ address }) => address),
        ...partsOf(letter),
      });
      done();
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const credentials = options.password === undefined ? '' : `coatcheck:${options.password}@`;
  return Object.assign(state, {
    url: `smtp://${credentials}127.0.0.1:${port}`,
    letters,
    signIns,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
}

function partsOf(letter: string): Pick<Letter, 'headers' | 'body'> {
  const [head = '', ...rest] = letter.split('\r\n\r\n');
  const lines = head.replaceAll(/\r\n\s+/g, ' ').split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const [name = '', ...value] = line.split(': ');
      return [name.toLowerCase(), value.join(': ')];
    }),
  );
  const body = rest.join('\r\n\r\n').replaceAll('\r\n', '\n');
  return { headers, body: isQuoted(headers) ? unquote(body) : body };
}

function isQuoted(headers: ReadonlyMap<string, string>): boolean {
  return headers.get('content-transfer-encoding') === 'quoted-printable';
}

/** RFC 2045 §6.7. */
function unquote(body: string): string {
  const bytes = body
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
