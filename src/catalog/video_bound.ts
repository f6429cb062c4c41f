import type { JsonObject } from '../lib/json.ts';
import { covers } from '../lib/model_pattern.ts';
import { type Amount, countOf } from './media_bounds.ts';
import type { VideoRates } from './route.ts';

/** A video of `seconds` in `size`. One whose model is not known, or not named, counts at twice the dearest. */
export function videoAmount(
  { models, longest }: VideoRates,
  model: string | null,
  fields: JsonObject,
): Amount {
  const { seconds = longest, size } = fields;
  const known = models.find(({ pattern }) => model !== null && covers(pattern, model));
  const dearest = Math.max(...(known ? [known] : models).flatMap(({ bySize }) => Object.values(bySize)));
  const rate = known ? (known.bySize[String(size)] ?? dearest) : 2 * dearest;
  return { nanoUsd: countOf(seconds, longest) * rate * 1e9, isCeiling: known === undefined };
}
