import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { ConfigError } from './config.ts';

/**
 * Reads a JSON file that the operator has written.
 * @param variable the environment variable that names it
 * @throws ConfigError naming the file, and each thing in it that is wrong
 */
export function readOperatorFile<Content>(
  variable: string,
  path: string,
  schema: z.ZodType<Content>,
): Content {
  const parsed = schema.safeParse(readJson(variable, path));
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map(({ path: place, message }) => `${place.join('.')}: ${message}`);
  throw new ConfigError(`${variable}, ${path}:\n${complaints.join('\n')}`);
}

function readJson(variable: string, path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${variable} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
