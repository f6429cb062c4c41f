import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/lib/secret.ts';
import { createKeyFile, openKeyring, prependFreshKey } from '../../src/vault/keyring.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coatcheck-keyring-'));
  file = join(folder, 'master.key');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('keyring', () => {
  it('makes the key file once, for the owner alone, and never overwrites it', () => {
    expect(createKeyFile(file)).toBe(true);
    const first = readFileSync(file, 'utf8');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(createKeyFile(file)).toBe(false);
    expect(readFileSync(file, 'utf8')).toBe(first);
  });

  it('puts a rotated key first and keeps the old one', () => {
    createKeyFile(file);
    const old = openKeyring({ file }).current();
    const fresh = prependFreshKey(file);
    const keyring = openKeyring({ file });
    expect(keyring.current()).toEqual(fresh);
    expect(keyring.find(old.id)).toEqual(old);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing but the key file behind', () => {
    createKeyFile(file);
    prependFreshKey(file);
    expect(readdirSync(folder)).toEqual(['master.key']);
  });

  it('does not rotate beside another rotation, which would lose the key of one', () => {
    createKeyFile(file);
    const before = readFileSync(file, 'utf8');
    writeFileSync(`${file}.next`, '');
    expect(() => prependFreshKey(file)).toThrow('another rotation is at work');
    expect(readFileSync(file, 'utf8')).toBe(before);
    rmSync(`${file}.next`);
    prependFreshKey(file);
    expect(readFileSync(file, 'utf8')).toContain(before);
  });

  it('rotates the file that a link leads to', () => {
    createKeyFile(file);
    const link = join(folder, 'link.key');
    symlinkSync(file, link);
    const fresh = prependFreshKey(link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(openKeyring({ file }).current()).toEqual(fresh);
  });

  it('notices a rotation by another process', () => {
    createKeyFile(file);
    const keyring = openKeyring({ file });
    keyring.current();
    const fresh = prependFreshKey(file);
    expect(keyring.find(fresh.id)).toEqual(fresh);
    expect(keyring.current()).toEqual(fresh);
  });

  it('refuses a file that others can read, and says how to mend it', () => {
    createKeyFile(file);
    chmodSync(file, 0o640);
    expect(() => openKeyring({ file })).toThrow(`chmod 600 ${file}`);
  });

  it('says how to make a key when there is none', () => {
    expect(() => openKeyring({ file })).toThrow('coatcheck keys init');
    writeFileSync(file, '\n', { mode: 0o600 });
    expect(() => openKeyring({ file })).toThrow('coatcheck keys init');
  });

  it.each(['not base64!', Buffer.alloc(16).toString('base64'), Buffer.alloc(33).toString('base64')])(
    'refuses %s without repeating it',
    (text) => {
      writeFileSync(file, `${text}\n`, { mode: 0o600 });
      expect(() => openKeyring({ file })).toThrow('32 bytes in base64');
      expect(() => openKeyring({ file })).not.toThrow(text);
    },
  );

  it('takes the same from a variable, comma-separated', () => {
    const [first = '', second = ''] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'));
    const keyring = openKeyring({ keys: new Secret(`${first},${second}`) });
    expect(keyring.current().bytes.toString('base64')).toBe(first);
  });
});
