import type OpenAI from 'openai';
import { type Answer, eventStream, json, namedEvents } from '../answer.ts';
import { alternatives, type Call, optionalInteger, requiredFile, requiredText } from '../call.ts';
import { type Fields, oneOf } from '../fields.ts';
import { png } from '../png.ts';
import { derivedId } from '../seed.ts';
import { countTokens } from '../tokens.ts';

/** What an image given to edit counts as. */
const inputImageTokens = 256;
const maxPartialImages = 3;

/** Output tokens of one image, by quality and size, as the GPT image models count them. */
const outputTokensPerImage = {
  low: { '1024x1024': 272, '1024x1536': 408, '1536x1024': 400 },
  medium: { '1024x1024': 1056, '1024x1536': 1584, '1536x1024': 1568 },
  high: { '1024x1024': 4160, '1024x1536': 6240, '1536x1024': 6208 },
} as const;

/** The pictures themselves are always small PNGs, whatever size and format their labels say. */
interface Labels {
  readonly background: 'opaque' | 'transparent';
  readonly output_format: 'png' | 'webp' | 'jpeg';
  readonly quality: 'low' | 'medium' | 'high';
  readonly size: '1024x1024' | '1024x1536' | '1536x1024';
}

/** POST /images/generations */
export function generateImages(call: Call): Answer {
  return images(call, 'image_generation', requiredText(call, 'prompt'), 0);
}

/** POST /images/edits */
export function editImages(call: Call): Answer {
  requiredFile(call, 'image');
  return images(call, 'image_edit', requiredText(call, 'prompt'), call.files.length);
}

/** POST /images/variations, which only dall-e-2 can do. */
export function varyImages(call: Call): Answer {
  requiredFile(call, 'image');
  return dallEImages(call, undefined);
}

function images(
  call: Call,
  kind: 'image_generation' | 'image_edit',
  prompt: string,
  inputImages: number,
): Answer {
  if (call.model.startsWith('dall-e')) {
    return dallEImages(call, call.model.startsWith('dall-e-3') ? `${prompt} (revised)` : undefined);
  }
  const labels = labelsOf(call.fields);
  if (call.stream) return eventStream(namedEvents(imageEvents(call, kind, labels, prompt, inputImages)));
  const count = alternatives(call);
  const usage = imageUsage(labels, prompt, inputImages, count);
  return json({
    created: call.created,
    ...labels,
    data: Array.from({ length: count }, (_, index) => ({ b64_json: picture(call, index) })),
    usage: { ...usage, output_tokens_details: { image_tokens: usage.output_tokens, text_tokens: 0 } },
  } satisfies OpenAI.ImagesResponse);
}

/** The older models answer with addresses unless asked for the bytes, and report no usage. */
function dallEImages(call: Call, revisedPrompt: string | undefined): Answer {
  const asBytes = call.fields.response_format === 'b64_json';
  const revised = revisedPrompt === undefined ? {} : { revised_prompt: revisedPrompt };
  const data = Array.from({ length: alternatives(call) }, (_, index): OpenAI.Image => {
    const address = `https://images.sandbox.invalid/${derivedId('img-', call.seed, String(index))}.png`;
    return { ...(asBytes ? { b64_json: picture(call, index) } : { url: address }), ...revised };
  });
  return json({ created: call.created, data } satisfies OpenAI.ImagesResponse);
}

export function picture(call: Call, index: number): string {
  return png(`${call.seed} picture ${index}`).toString('base64');
}

export function labelsOf(fields: Fields): Labels {
  return {
    background: oneOf(fields.background, ['opaque', 'transparent']),
    output_format: oneOf(fields.output_format, ['png', 'webp', 'jpeg']),
    quality: oneOf(fields.quality, ['medium', 'low', 'high']),
    size: oneOf(fields.size, ['1024x1024', '1024x1536', '1536x1024']),
  };
}

export function imageUsage({ quality, size }: Labels, prompt: string, inputImages: number, count: number) {
  const text = countTokens(prompt);
  const image = inputImages * inputImageTokens;
  const output = count * outputTokensPerImage[quality][size];
  return {
    input_tokens: text + image,
    input_tokens_details: { text_tokens: text, image_tokens: image },
    output_tokens: output,
    total_tokens: text + image + output,
  };
}

function* imageEvents(
  call: Call,
  kind: 'image_generation' | 'image_edit',
  labels: Labels,
  prompt: string,
  inputImages: number,
): Generator<OpenAI.ImageGenStreamEvent | OpenAI.ImageEditStreamEvent> {
  const common = { created_at: call.created, ...labels };
  const count = optionalInteger(call, 'partial_images', { least: 0, most: maxPartialImages }) ?? 0;
  for (let index = 0; index < count; index += 1) {
    const unfinished = png(`${call.seed} partial ${index}`).toString('base64');
    yield { type: `${kind}.partial_image`, b64_json: unfinished, partial_image_index: index, ...common };
  }
  const usage = imageUsage(labels, prompt, inputImages, 1);
  yield { type: `${kind}.completed`, b64_json: picture(call, 0), ...common, usage };
}
