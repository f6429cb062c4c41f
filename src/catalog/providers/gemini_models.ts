import type { ModelRules } from '../models.ts';

/** Names as they stand in paths, behind `models/`. */
export const models: ModelRules = {
  grammar: /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
  refused: [
    {
      // They write pictures, sound or films without being asked to.
      pattern: /image|banana|tts|audio|live|veo|lyria/i,
      advice: 'Models that make pictures, sound or films are not lent. Name one that writes text.',
    },
  ],
};
