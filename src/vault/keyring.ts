import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { Secret } from '../lib/secret.ts';

export interface MasterKey {
  /** First 8 hex digits of the key's SHA-256. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** The master keys. The newest wraps; all of them unwrap. */
export interface Keyring {
  current(): MasterKey;
  /** The key of that id; the source is read again when the id is not known, for it may have been rotated since. */
  find(id: string): MasterKey | undefined;
}

/** The master keys are missing or unusable. The message says what to do. */
export class KeyringError extends Error {
  override name = 'KeyringError';
}

/** Where master keys come from: a file that may be rotated while we run, or a fixed value. */
export type KeyringSource = { readonly file: string } | { readonly keys: Secret };

/**
 * Opens the keyring.
 * @throws KeyringError when it is missing, unreadable by design (open to others) or malformed
 */
export function openKeyring(source: KeyringSource): Keyring {
  if ('keys' in source) {
    const keys = parseMasterKeys(source.keys.unwrap().split(','), 'COATCHECK_MASTER_KEY');
    return { current: () => keys[0], find: (id) => keys.find((key) => key.id === id) };
  }
  const { file } = source;
  let keys = readKeyFile(file);
  let stamp = fileStamp(file);
  const refresh = () => {
    const now = fileStamp(file);
    if (now === stamp) return;
    keys = readKeyFile(file);
    stamp = now;
  };
  return {
    current: () => {
      refresh();
      return keys[0];
    },
    find: (id) => {
      const known = keys.find((key) => key.id === id);
      if (known) return known;
      refresh();
      return keys.find((key) => key.id === id);
    },
  };
}

/**
 * Makes the key file with one fresh key, mode 0600.
 * @returns false when it exists already; it is never overwritten
 */
export function createKeyFile(file: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'wx', 0o600);
  } catch (error) {
    if (existsSync(file)) return false;
    throw new KeyringError(`The master key file ${file} cannot be made: ${(error as Error).message}`, {
      cause: error,
    });
  }
  writeAndClose(descriptor, `${randomBytes(32).toString('base64')}\n`);
  return true;
}

/**
 * Puts a fresh key at the head of the file, in one atomic step; the older keys stay, to open what they wrapped.
 * @returns the new key
 */
export function prependFreshKey(file: string): MasterKey {
  const older = readFileSync(file, 'utf8');
  const fresh = randomBytes(32).toString('base64');
  const next = `${file}.next`;
  writeAndClose(openSync(next, 'wx', 0o600), `${fresh}\n${older}`);
  renameSync(next, file);
  return parseMasterKey(fresh, file);
}

function writeAndClose(descriptor: number, content: string): void {
  writeSync(descriptor, content);
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function fileStamp(file: string): string {
  const { ino, mtimeMs, size } = statSync(file);
  return `${ino}:${mtimeMs}:${size}`;
}

function readKeyFile(file: string): MasterKeys {
  if (!existsSync(file)) {
    throw new KeyringError(
      `There is no master key at ${file}. Make one with \`coatcheck keys init\`, or restore yours: without it the deposited keys cannot be opened.`,
    );
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new KeyringError(`The master key file ${file} is open to others. Run \`chmod 600 ${file}\`.`);
  }
  return parseMasterKeys(readFileSync(file, 'utf8').split('\n'), file);
}

type MasterKeys = readonly [MasterKey, ...MasterKey[]];

function parseMasterKeys(lines: readonly string[], origin: string): MasterKeys {
  const [first, ...rest] = lines
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => parseMasterKey(line, origin));
  if (!first) throw new KeyringError(`${origin} holds no master key. Make one with \`coatcheck keys init\`.`);
  return [first, ...rest];
}

function parseMasterKey(text: string, origin: string): MasterKey {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32 || bytes.toString('base64') !== text) {
    throw new KeyringError(
      `${origin} holds something that is no master key: each must be 32 bytes in base64. Make one with \`openssl rand -base64 32\`.`,
    );
  }
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes };
}
