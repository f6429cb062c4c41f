import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line: its number, what an outsider can see, and where that is written, if anywhere. */
export interface Requirement {
  readonly line: number;
  readonly requirement: string;
  readonly source: string;
}

export interface Section {
  readonly title: string;
  readonly requirements: readonly Requirement[];
}

/** Reads `requirements.tsv`: sections, and in each a line for each requirement. */
export function readRequirements(): readonly Section[] {
  const text = readFileSync(join(import.meta.dirname, 'requirements.tsv'), 'utf8');
  return text
    .trim()
    .split(/^# /m)
    .slice(1)
    .map((section) => {
      const [title = '', ...rows] = section.trim().split('\n');
      const requirements = rows.map((row) => {
        const [line, requirement = '', source = ''] = row.split('\t');
        return { line: Number(line), requirement, source };
      });
      return { title, requirements };
    });
}
