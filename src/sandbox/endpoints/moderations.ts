import type OpenAI from 'openai';
import { type Answer, json } from '../answer.ts';
import type { Call } from '../call.ts';
import { missingParameter, Refusal } from '../errors.ts';
import { fieldsOf, textOf } from '../fields.ts';
import { derivedId } from '../seed.ts';

/** Each category, and whether it is looked for in images too. */
const allCategories = [
  ['harassment', false],
  ['harassment/threatening', false],
  ['hate', false],
  ['hate/threatening', false],
  ['illicit', false],
  ['illicit/violent', false],
  ['self-harm', true],
  ['self-harm/instructions', true],
  ['self-harm/intent', true],
  ['sexual', true],
  ['sexual/minors', false],
  ['violence', true],
  ['violence/graphic', true],
] as const;

const flaggedScore = 0.98;
const cleanScore = 0.0001;

/** POST /moderations: a text is flagged in a category when it mentions it by name, a picture when its address or file does. */
export function createModeration(call: Call): Answer {
  const { input } = call.fields;
  if (input === undefined) throw missingParameter('input');
  return json({
    id: derivedId('modr-', call.seed),
    model: call.model,
    results: inputsOf(input).map(moderate),
  } satisfies OpenAI.ModerationCreateResponse);
}

interface ModerationInput {
  readonly text: string;
  /** What stands for what is seen in a picture; null without one. */
  readonly picture: string | null;
}

/** Texts are judged one by one; a list of parts (texts and images) is judged as one thing. */
function inputsOf(input: unknown): readonly ModerationInput[] {
  const items: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (items.every((item) => typeof item === 'string')) return items.map((text) => ({ text, picture: null }));
  const parts = items.map(fieldsOf);
  const text = parts.map((part) => textOf(part.text) ?? '').join('\n');
  const pictures = parts.filter((part) => part.type === 'image_url');
  if (pictures.length > 1) throw tooManyPictures(pictures.length);
  const [picture] = pictures.map((part) => textOf(fieldsOf(part.image_url).url) ?? '');
  return [{ text, picture: picture === undefined ? null : seenIn(picture) }];
}

function seenIn(url: string): string {
  const [, data] = /^data:[^,]*;base64,(.*)$/s.exec(url) ?? [];
  return data === undefined ? url : Buffer.from(data, 'base64').toString('latin1');
}

function tooManyPictures(count: number): Refusal {
  const message = `Number of images (${count}) exceeds maximum of 1`;
  return new Refusal(400, {
    message,
    type: 'invalid_request_error',
    param: 'input',
    code: 'too_many_images',
  });
}

const inPictures: ReadonlySet<string> = new Set(
  allCategories.filter(([, inImages]) => inImages).map(([category]) => category),
);

function moderate({ text, picture }: ModerationInput): OpenAI.Moderation {
  const words = text.toLowerCase();
  const isFlagged = (category: string): boolean =>
    words.includes(category) ||
    (inPictures.has(category) && (picture ?? '').toLowerCase().includes(category));
  const perCategory = <Value>(value: (category: string, inImages: boolean) => Value) =>
    Object.fromEntries(allCategories.map(([category, inImages]) => [category, value(category, inImages)]));
  return {
    flagged: allCategories.some(([category]) => isFlagged(category)),
    // Object.fromEntries forgets the names that allCategories spells out.
    categories: perCategory(isFlagged) as unknown as OpenAI.Moderation.Categories,
    category_scores: perCategory((category) =>
      isFlagged(category) ? flaggedScore : cleanScore,
    ) as unknown as OpenAI.Moderation.CategoryScores,
    category_applied_input_types: perCategory((_category, inImages) =>
      picture !== null && inImages ? ['text', 'image'] : ['text'],
    ) as unknown as OpenAI.Moderation.CategoryAppliedInputTypes,
  };
}
