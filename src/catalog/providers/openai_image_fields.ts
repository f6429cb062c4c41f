import type { FieldRules } from '../fields.ts';
import {
  allow,
  allowAll,
  drawingAuthor,
  drawingAuthorFields,
  model,
  pseudonym,
  stream,
  upload,
} from './openai_common_fields.ts';

const pictureFields: FieldRules = {
  model,
  ...allowAll('prompt', 'n', 'size', 'quality', 'background', 'response_format'),
  ...allowAll('output_compression', 'partial_images'),
  ...allowAll('complexity', 'frame_count', 'frame_duration_ms'),
  user: pseudonym,
  safety_identifier: { kind: 'pseudonym', when: 'given' },
};

export const imageFields: FieldRules = {
  ...pictureFields,
  output_format: { kind: 'implies_model', model: drawingAuthor },
  style: allow,
  moderation: { kind: 'limit', to: ['auto', 'low'], advice: 'moderation must be "auto" or "low".' },
  svg: drawingAuthorFields,
  stream,
};

/** Multipart fields by their full names, as the SDK writes lists and objects. */
export const imageEditFields: FieldRules = {
  ...pictureFields,
  image: upload,
  'image[]': upload,
  mask: upload,
  ...allowAll('markup', 'input_fidelity', 'stream', 'svg[reasoning][effort]'),
  output_format: { kind: 'implies_model', model: { ...drawingAuthor, named: ['svg[model]'] } },
  'svg[model]': { kind: 'other_model' },
};

export const imageVariationFields: FieldRules = {
  model,
  image: upload,
  ...allowAll('n', 'response_format', 'size'),
  user: pseudonym,
};
