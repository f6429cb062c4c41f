import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';

/** A TLS listener before a plain one, as a front proxy is. */
export interface TlsFront {
  /** With https, on loopback. */
  readonly url: string;
  /** Its certificate, which nobody has signed but itself. */
  readonly certificate: string;
  close(): Promise<void>;
}

/** @param url where to pass on what comes */
export async function startTlsFront(url: string): Promise<TlsFront> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = pem('CERTIFICATE', certify(privateKey, publicKey));
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const { port } = new URL(url);
  const open = new Set<{ destroy(): void }>();
  const server = createServer({ key, cert: certificate }, (socket) => {
    const behind = connect(Number(port), '127.0.0.1');
    for (const [one, other] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    socket.pipe(behind).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** A certificate for 127.0.0.1 (RFC 5280 §4.1), which node can read and not write. */
function certify(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const ecdsaWithSha256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const commonName = der(0x06, Buffer.from('550403', 'hex'));
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from('127.0.0.1')))));
  const subjectAltName = der(0x06, Buffer.from('551d11', 'hex'));
  const addresses = sequence(der(0x87, Buffer.from([127, 0, 0, 1])));
  const toSign = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    sequence(der(0x17, Buffer.from('250101000000Z')), der(0x17, Buffer.from('491231235959Z'))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(subjectAltName, der(0x04, addresses)))),
  );
  const signature = sign('sha256', toSign, privateKey);
  return sequence(toSign, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

/** A tag, the length of what follows, and that. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
