import { z } from 'zod';
import { isBuiltIn } from './catalog/catalog.ts';
import { faultOf, type OwnPrices } from './catalog/prices.ts';
import type { Provider } from './catalog/provider.ts';
import { readOperatorFile } from './operator_file.ts';

const usd = z.number().min(0).max(1_000_000).optional();

const row = z
  .strictObject({
    input: usd,
    cacheRead: usd,
    cacheWrite: usd,
    cacheWrite1h: usd,
    audioInput: usd,
    imageInput: usd,
    output: usd,
    audioOutput: usd,
    imageOutput: usd,
    audioHour: usd,
    webSearch: usd,
    call: usd,
    characters: usd,
    picture: usd,
    contextWindow: z.int().min(1).max(1_000_000_000).optional(),
  })
  .transform(({ characters, picture, contextWindow, ...prices }, context) => {
    const rates = ratesOf(prices);
    const fault = faultOf(rates);
    if (fault !== null) context.addIssue({ code: 'custom', message: `lacks a price: ${fault}` });
    return defined({ rates, characters, picture, contextWindow });
  });

const pattern = z.string().regex(/^[^*]*\*?$/, 'may have a * at its end alone');
const file = z.record(z.string(), z.record(pattern, row));

/**
 * Reads the operator's file of prices.
 * @param path null when there is none
 * @param own the operator's own providers, which may have prices in it too
 * @returns rows by the provider's name, in the order of the file
 * @throws ConfigError naming the file, and each thing in it that is wrong
 */
export function readPricesFile(
  path: string | null,
  own: readonly Provider[],
): Readonly<Record<string, readonly OwnPrices[]>> {
  if (path === null) return {};
  const isKnown = (name: string) => isBuiltIn(name) || own.some((provider) => provider.name === name);
  const schema = file.superRefine((prices, context) => {
    for (const name of Object.keys(prices).filter((one) => !isKnown(one))) {
      context.addIssue({ code: 'custom', path: [name], message: 'is the name of no provider' });
    }
  });
  const prices = readOperatorFile('COATCHECK_PRICES_FILE', path, schema);
  return Object.fromEntries(
    Object.entries(prices).map(([name, rows]) => [
      name,
      Object.entries(rows).map(([pattern, prices]) => ({ ...prices, pattern })),
    ]),
  );
}

/** Prices as they stand in the file, in the price table's terms: it wants a rate for all that two others are for, too. */
function ratesOf(prices: Readonly<Record<string, number | undefined>>): OwnPrices['rates'] {
  const { input, output, cacheRead, cacheWrite, cacheWrite1h, audioHour, call, webSearch } = prices;
  const cached = { read: cacheRead, write: cacheWrite, write_1h: cacheWrite1h };
  const ofEach = (['audio', 'image'] as const).flatMap((kind) => [
    [`input_${kind}_mtok`, prices[`${kind}Input`]] as const,
    [`output_${kind}_mtok`, prices[`${kind}Output`]] as const,
    ...Object.entries(prices[`${kind}Input`] === undefined ? {} : cached).map(
      ([how, rate]) => [`cache_${kind}_${how}_mtok`, rate] as const,
    ),
  ]);
  return defined({
    input_mtok: input,
    output_mtok: output,
    cache_read_mtok: cacheRead,
    cache_write_mtok: cacheWrite,
    cache_write_1h_mtok: cacheWrite1h,
    ...Object.fromEntries(ofEach),
    audio_hours: audioHour,
    input_audio_hours: audioHour,
    requests_kcount: call === undefined ? undefined : 1_000 * call,
    web_searches_kcount: webSearch === undefined ? undefined : 1_000 * webSearch,
  });
}

type Defined<Fields> = { [Name in keyof Fields]: Exclude<Fields[Name], undefined> };

/** The fields that have a value. */
function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<Fields>;
}
