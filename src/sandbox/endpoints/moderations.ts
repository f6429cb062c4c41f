import type OpenAI from 'openai';
import { type Answer, json } from '../answer.ts';
import type { Call } from '../call.ts';
import { missingParameter } from '../errors.ts';
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

/** POST /moderations: a text is flagged in a category when it mentions it by name. */
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
  readonly hasImage: boolean;
}

/** Texts are judged one by one; a list of parts (texts and images) is judged as one thing. */
function inputsOf(input: unknown): readonly ModerationInput[] {
  const items: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (items.every((item) => typeof item === 'string'))
    return items.map((text) => ({ text, hasImage: false }));
  const parts = items.map(fieldsOf);
  const text = parts.map((part) => textOf(part.text) ?? '').join('\n');
  return [{ text, hasImage: parts.some((part) => part.type === 'image_url') }];
}

function moderate({ text, hasImage }: ModerationInput): OpenAI.Moderation {
  const words = text.toLowerCase();
  const isFlagged = (category: string): boolean => words.includes(category);
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
      hasImage && inImages ? ['text', 'image'] : ['text'],
    ) as unknown as OpenAI.Moderation.CategoryAppliedInputTypes,
  };
}
