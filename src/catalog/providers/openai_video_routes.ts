import type { FieldRule, FieldRules } from '../fields.ts';
import type { AnswerRules, Route, VideoRates } from '../route.ts';
import { held, untold } from './openai_answers.ts';
import { allow, allowAll, model, upload } from './openai_common_fields.ts';
import { characterOf, fileOf, kept, makes, video, videoOf } from './openai_kept.ts';

/** Videos that OpenAI makes while nobody waits, and keeps. */

/** From memory. */
const rates: VideoRates = {
  models: [
    {
      pattern: 'sora-2-pro*',
      bySize: { '1280x720': 0.3, '720x1280': 0.3, '1792x1024': 0.5, '1024x1792': 0.5 },
    },
    { pattern: 'sora-2', bySize: { '1280x720': 0.1, '720x1280': 0.1 } },
    { pattern: 'sora-2-2*', bySize: { '1280x720': 0.1, '720x1280': 0.1 } },
  ],
  longest: 20,
};

const cost = { usage: untold, cost: { kind: 'video', rates } } as const;

const advice = 'Name what the app itself has had made.';

const seconds: FieldRule = {
  kind: 'limit',
  to: ['4', '8', '12', '16', '20'],
  otherwise: { replaces: [], by: '4' },
  advice: 'Videos of 4, 8, 12, 16 and 20 seconds are lent.',
};

const size: FieldRule = {
  kind: 'limit',
  to: ['720x1280', '1280x720', '1024x1792', '1792x1024'],
  otherwise: { replaces: [], by: '720x1280' },
  advice: 'Videos of 720x1280, 1280x720, 1024x1792 and 1792x1024 are lent.',
};

const videoFields: FieldRules = {
  model,
  seconds,
  size,
  ...allowAll('prompt', 'input_reference[image_url]'),
  input_reference: upload,
  'input_reference[file_id]': kept(fileOf, advice),
};

/** Another video is made of one, by whichever model that one is of. */
const prompt: FieldRule = { kind: 'implies_model', model: { named: ['model'] } };

const editFields: FieldRules = { prompt, video: upload, 'video[id]': kept(videoOf, advice) };

const film: AnswerRules = {
  types: ['video/', 'image/', 'application/octet-stream'],
  json: 'through',
  endings: null,
};

const common = { scope: video, body: { kind: 'none' }, answer: held, usage: null } as const;
const ofVideo = { ...common, kept: { video_id: 'video' } } as const;
const multipart = (fields: FieldRules) => ({ body: { kind: 'multipart', fields } }) as const;
const makesVideo = { ...cost, makes: makes(videoOf) };

export const videoRoutes: readonly Route[] = [
  { ...common, method: 'POST', path: '/videos', ...multipart(videoFields), ...makesVideo },
  { ...common, method: 'POST', path: '/videos/edits', ...multipart(editFields), ...makesVideo },
  {
    ...common,
    method: 'POST',
    path: '/videos/extensions',
    ...multipart({ ...editFields, seconds }),
    ...makesVideo,
  },
  {
    ...ofVideo,
    method: 'POST',
    path: '/videos/{video_id}/remix',
    body: { kind: 'json', fields: { prompt } },
    ...makesVideo,
  },
  { ...ofVideo, method: 'GET', path: '/videos/{video_id}' },
  {
    ...ofVideo,
    method: 'GET',
    path: '/videos/{video_id}/content',
    parameters: { variant: /^[a-z]{1,32}$/ },
    answer: film,
  },
  { ...ofVideo, method: 'DELETE', path: '/videos/{video_id}', deletes: true },
  {
    ...common,
    method: 'POST',
    path: '/videos/characters',
    ...multipart({ name: allow, video: upload }),
    makes: makes(characterOf),
  },
  {
    ...common,
    method: 'GET',
    path: '/videos/characters/{character_id}',
    kept: { character_id: 'character' },
  },
];
