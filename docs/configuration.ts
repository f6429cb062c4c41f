import type { z } from 'zod';
import { environment } from '../src/environment.ts';

/** The table of settings. */
export function configuration(): string {
  const rows = Object.entries(environment.shape).map(([name, field]) => {
    const { description, example } = (field as z.ZodType).meta() ?? {};
    const initial = (field as z.ZodType).safeParse(undefined);
    const fallback = initial.success && initial.data !== undefined ? `\`${initial.data}\`` : '';
    return `| \`${name}\` | ${fallback} | \`${example}\` | ${description} |`;
  });
  return [
    '# Configuration',
    '',
    'Coatcheck reads its settings from the environment. Nothing needs to be set to try it. Durations are in seconds,',
    'sizes in bytes. A wrong value stops the start and says what is wrong; a misspelt `COATCHECK_…` name is warned about.',
    '',
    '<!-- Generated from src/config.ts by `npm run docs`. -->',
    '',
    '| variable | default | example | what it does |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
