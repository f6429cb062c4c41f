import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** A name that nothing has, beside the file that is to be made. */
export function draftOf(file: string): string {
  return `${file}.${randomBytes(6).toString('hex')}`;
}

/**
 * Gives a finished draft the file's name as well, durably: whenever the process ends, the file is there whole or not at
 * all.
 * @throws the system's own error, with code EEXIST when there is a file already; it is never replaced
 */
export function publish(draft: string, file: string): void {
  syncToDisk(draft);
  linkSync(draft, file);
  syncToDisk(dirname(file));
}

/** Waits until a file, or the names in a folder, would outlive a power cut. */
export function syncToDisk(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
