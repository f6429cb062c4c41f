import { calcPrice } from '@pydantic/genai-prices';

/** What a call takes, in tokens. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  /** What its tools cost beside them, in nano-USD; absent: nothing. */
  readonly fees?: number;
}

/** USD for a million tokens. */
export type TokenPrices = Pick<Tokens, 'input' | 'output'>;

/** What a provider's models cost: its id in the price table, or the same whichever it is. */
export type Prices = string | TokenPrices;

/** What has been written of an answer. */
export interface Writing {
  /** In tokens, the ones under way included. */
  written: number;
  /** Its reader kept it waiting. A model writes on all the same. */
  isHeldUp: boolean;
}

/**
 * What a provider bills for a call.
 * @param unpriced what models cost that the price table does not know
 * @returns integer nano-USD
 */
export function bill(
  prices: Prices,
  model: string,
  { input, output, fees = 0 }: Tokens,
  unpriced: TokenPrices,
): number {
  const usage = { input_tokens: input, output_tokens: output };
  const known =
    typeof prices === 'string' ? calcPrice(usage, model, { providerId: prices })?.total_price : undefined;
  const same = typeof prices === 'string' ? unpriced : prices;
  const usd = known || (input * same.input + output * same.output) / 1e6;
  // Fifteen digits are what a sum of binary fractions can be trusted with.
  return Math.round(Number((usd * 1e9).toPrecision(15))) + fees;
}
