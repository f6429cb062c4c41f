import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { draftOf, publish, syncToDisk } from '../lib/new_file.ts';
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
 * The master key of that id.
 * @throws KeyringError naming the id, so that the operator knows which key is missing
 */
export function masterKeyOf(keyring: Keyring, id: string): MasterKey {
  const key = keyring.find(id);
  if (!key) throw new KeyringError(`The master key ${id} is missing from the keyring`);
  return key;
}

/**
 * Makes the key file with one fresh key, mode 0600. It is there whole or not at all, whenever the process ends.
 * @returns false when it exists already; it is never overwritten
 */
export function createKeyFile(file: string): boolean {
  if (existsSync(file)) return false;
  const draft = draftOf(file);
  try {
    writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600 });
    publish(draft, file);
    return true;
  } catch (error) {
    if (existsSync(file)) return false;
    throw new KeyringError(`The master key file ${file} cannot be made: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Puts a fresh key at the head of the file, in one atomic step; the older keys stay, to open what they wrapped. The file
 * keeps its owner, so that root can rotate for the user that the servers run as.
 * @returns the new key, which has reached the disk: nothing is ever wrapped under a key that a power cut could take back
 * @throws KeyringError when another process is doing it: of two that read the same file, one would lose the other's key
 */
export function prependFreshKey(file: string): MasterKey {
  const target = realpathSync(file);
  const next = `${target}.next`;
  const descriptor = claim(next);
  const fresh = randomBytes(32).toString('base64');
  try {
    const { uid, gid } = statSync(target);
    if (process.getuid?.() === 0) fchownSync(descriptor, uid, gid);
    writeDurably(descriptor, `${fresh}\n${readFileSync(target, 'utf8')}`);
    renameSync(next, target);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
  syncToDisk(dirname(target));
  return parseMasterKey(fresh, file);
}

/** Opens the file that whoever rotates has to itself. */
function claim(next: string): number {
  try {
    return openSync(next, 'wx', 0o600);
  } catch (error) {
    if (!existsSync(next)) throw error;
    throw new KeyringError(
      `${next} is there: another rotation is at work, or one was interrupted. If none is at work, delete that file and run this again.`,
    );
  }
}

function writeDurably(descriptor: number, content: string): void {
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
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
