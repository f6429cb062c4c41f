import { configuration } from './configuration.ts';
import { conformance } from './conformance.ts';

/** The generated part of the documentation: what each file should hold. */
export const documents: Readonly<Record<string, () => string>> = {
  'configuration.md': configuration,
  'conformance.md': conformance,
};
