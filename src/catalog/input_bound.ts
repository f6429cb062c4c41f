import type { JsonObject } from '../lib/json.ts';
import { jsonText } from '../lib/json_text.ts';
import { type PictureRules, withoutPictures } from './pictures.ts';

/** What the size of a body says of the tokens in it. */
export interface InputSize {
  /** At least as many as the tokens of all text in it. */
  readonly tokens: number;
  /** Pictures whose tokens come on top. */
  readonly pictures: number;
  /** There are parts whose length does not show in the body, such as films and stored things. */
  readonly hasMore: boolean;
  /** There may be sound among them. */
  readonly hasSound: boolean;
  /** Parts of it are kept in a cache for longer than is usual, which costs more. */
  readonly isKept: boolean;
}

/** Read as tokens of their own, in the words of every API. Inside of strings quotes are escaped: no text passes for them. */
const parts =
  /"type":"(?:image|image_url|input_image|input_audio|audio_url|video_url|input_video|document|file|input_file|computer_screenshot|image_generation_call|item_reference)"|"(?:image_url|input_audio|audio_url|video_url|input_video|file_data|file_url|file_id|inlineData|fileData|previous_response_id|conversation|cachedContent|numTokens)":[^n]/;
const sound =
  /"(?:input_audio|audio_url|video_url|input_video)"|"mimeType":"(?!image\/|text\/|application\/pdf")/;
const tools =
  /"(?:tools|functions|functionDeclarations)":\[\{|"(?:json_schema|responseSchema|responseJsonSchema)"/;
/** Tools that the provider describes to the model in its own words. */
const describedTools =
  /"type":"(?:computer|browser|text_editor|bash|memory|shell|local_shell|apply_patch|tool_search)|"computerUse":/;
const keptLonger = '"1h"';

/** What providers add of their own to a call, to one with tools or a schema, and to one with tools of theirs, in tokens. */
const added = 256;
const addedForTools = 2_048;
const addedForDescribed = 8_192;

/**
 * Measures a JSON body. A token is a byte at least, and what JSON puts around a message or tool is more than the handful
 * of tokens that it stands for.
 * @param rules how pictures are told from what is read at any length; absent where it is not known how long they are
 */
export function inputSize(body: JsonObject, rules?: PictureRules): InputSize {
  const whole = textOf(body);
  if (whole === null) return { tokens: 0, pictures: 0, hasMore: true, hasSound: true, isKept: true };
  const { rest, pictures } =
    rules && parts.test(whole) ? withoutPictures(rules, body) : { rest: body, pictures: 0 };
  const json = pictures > 0 ? jsonText(rest) : whole;
  const hasMore = parts.test(json);
  return {
    pictures,
    tokens:
      Buffer.byteLength(json) +
      added +
      (tools.test(json) ? addedForTools : 0) +
      (describedTools.test(json) ? addedForDescribed : 0),
    hasMore,
    hasSound: hasMore && sound.test(json),
    isKept: json.includes(keptLonger),
  };
}

/** Null for a body that is nested too deep: it is refused when it is to be sent, if that comes to the same. */
function textOf(body: JsonObject): string | null {
  try {
    return jsonText(body);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
