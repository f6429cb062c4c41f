import type OpenAI from 'openai';
import { type Answer, json } from '../answer.ts';
import { type Call, requiredList } from '../call.ts';
import { invalidRequest, missingParameter } from '../errors.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../fields.ts';
import { promptTokens } from '../prompt.ts';
import { derivedNumber, derivedNumbers } from '../seed.ts';
import { countTokens } from '../tokens.ts';
import { responseUsage } from './usage.ts';

/** POST /decisions: each question gets an answer, in order. */
export function createDecision(call: Call): Answer {
  const { input } = call.fields;
  if (input === undefined) throw missingParameter('input');
  const questions = requiredList(call, 'questions').map(fieldsOf);
  const answers = questions.map((question, index) => decide(question, `${call.seed} question ${index}`));
  const asked = promptTokens(input, call.fields) + countTokens(JSON.stringify(questions));
  const tokens = { input: asked, output: answers.length };
  const decision = { model: call.model, answers, usage: responseUsage(tokens) } satisfies OpenAI.Decision;
  return json(decision, tokens);
}

function decide(question: Fields, seed: string): OpenAI.Decision['answers'][number] {
  const name = textOf(question.name) ?? null;
  switch (question.type) {
    case 'predicate':
      return { type: 'predicate', name, probability: rounded(derivedNumber(seed)) };
    case 'choice':
      return choice(question, name, seed);
    case 'score':
      return score(question, name, seed);
    default:
      throw invalidRequest("Invalid value for 'questions[].type'.", {
        param: 'questions',
        code: 'invalid_value',
      });
  }
}

function choice(question: Fields, name: string | null, seed: string): OpenAI.Decision.AnswerResourceChoice {
  const values = listOf(question.choices).map((option) => fieldsOf(option).value as string | boolean);
  const weights = distribution(values.length, seed, 'questions[].choices');
  const probabilities = values.map((value, index) => ({ value, probability: weights[index] ?? 0 }));
  const best = probabilities.reduce((a, b) => (b.probability > a.probability ? b : a));
  return { type: 'choice', name, choice: best.value, confidence: best.probability, probabilities };
}

/** Levels count from 0, and the score is what to expect on average. */
function score(question: Fields, name: string | null, seed: string): OpenAI.Decision.AnswerResourceScore {
  const labels = listOf(question.levels).map((level) => textOf(fieldsOf(level).label) ?? '');
  const weights = distribution(labels.length, seed, 'questions[].levels');
  const probabilities = labels.map((label, value) => ({ label, value, probability: weights[value] ?? 0 }));
  const expected = probabilities.reduce((sum, { value, probability }) => sum + value * probability, 0);
  return { type: 'score', name, score: rounded(expected), confidence: Math.max(...weights), probabilities };
}

/** Numbers that add up to 1, except for rounding. */
function distribution(count: number, seed: string, field: string): readonly number[] {
  if (count === 0) throw missingParameter(field);
  const weights = derivedNumbers(seed, count);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => rounded(weight / total));
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
