import { at, isObject } from '../../lib/json.ts';
import type { ModerationRules } from '../moderation.ts';

const model = 'omni-moderation-latest';
const category = /^[a-z][a-z/_-]{0,63}$/;

export const moderation: ModerationRules = {
  path: '/moderations',
  content: {
    pictures: ['image_url'],
    unseen: [
      ...['file_id', 'file_ids', 'file_data', 'file_url', 'vector_store_ids'],
      ...['input_audio', 'result'],
      // What a server tells the model, nobody sees here.
      'server_url',
    ],
    tokens: ['prompt'],
    unread: [
      ...['type', 'role', 'model', 'encrypted_content'],
      ...['user', 'safety_identifier', 'prompt_cache_key', 'service_tier'],
    ],
  },
  longestText: 2_000,
  mostTexts: 16,
  ofTexts: (texts) => ({ model, input: texts }),
  // It takes one a request.
  ofPicture: (url) => ({ model, input: [{ type: 'image_url', image_url: { url } }] }),

  found(answer) {
    const results = at(answer, ['results']);
    if (!Array.isArray(results) || !results.every(isVerdict)) return null;
    return results.map(({ flagged, categories }) => {
      const names = Object.keys(categories).filter(
        (name) => categories[name] === true && category.test(name),
      );
      // What is flagged for nothing in particular is flagged all the same.
      return flagged && names.length === 0 ? ['other'] : flagged ? names : [];
    });
  },
};

function isVerdict(result: unknown): result is { flagged: boolean; categories: Record<string, unknown> } {
  return isObject(result) && typeof result.flagged === 'boolean' && isObject(result.categories);
}
