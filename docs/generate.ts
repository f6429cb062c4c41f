/** Writes the generated part of the documentation. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documents } from './documents.ts';

for (const [name, write] of Object.entries(documents)) {
  writeFileSync(join(import.meta.dirname, name), write());
}
