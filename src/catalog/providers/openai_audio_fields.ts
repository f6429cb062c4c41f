import type { FieldRules } from '../fields.ts';
import { allowAll, model, upload, voice } from './openai_common_fields.ts';

export const speechFields: FieldRules = {
  model,
  voice,
  ...allowAll('input', 'instructions', 'response_format', 'speed', 'stream_format'),
};

export const transcriptionFields: FieldRules = {
  model,
  file: upload,
  ...allowAll('language', 'languages[]', 'prompt', 'temperature', 'response_format', 'stream'),
  ...allowAll('include[]', 'keywords[]', 'timestamp_granularities[]'),
  ...allowAll('known_speaker_names[]', 'known_speaker_references[]'),
  ...allowAll('chunking_strategy', 'chunking_strategy[type]', 'chunking_strategy[threshold]'),
  ...allowAll('chunking_strategy[prefix_padding_ms]', 'chunking_strategy[silence_duration_ms]'),
};

export const translationFields: FieldRules = {
  model,
  file: upload,
  ...allowAll('prompt', 'response_format', 'temperature'),
};
