import { builtInPrices } from './built-in-prices.ts';
import { baseModel, undatedModel } from './model-name.ts';
import type { Price } from './price.ts';

/** What a configuration says of a model; the rest is as built in, else as the fallback. */
export type PartialPrice = { readonly [Key in keyof Price]?: Price[Key] | undefined };

export interface PriceTable {
  priceOf(model: string): KnownPrice;
  /**
   * The price of the model that answered, which may be another than was asked for; of the one asked for where
   * the other is not known, since self-hosted engines call themselves by names of their own.
   */
  priceOfAnswer(answered: string | undefined, asked: string): Price;
}

export interface KnownPrice {
  readonly price: Price;
  /** False if nobody knows the model: the price is the fallback. */
  readonly known: boolean;
}

/** Fine-tuned models of which no price is known cost this many times as much as what they were made of. */
export const fineTunedMultiple = 2;

/**
 * Looks a model's price up: by its exact name, then by the longest configured pattern (one `*`, at its end) that
 * fits, then without the date of its snapshot; a fine-tuned one then as `ft:` and its base model, else at a
 * multiple of that. What is configured goes before what is built in. A model that is still unknown has the
 * fallback price, which should be that of the dearest model in use.
 */
export function createPriceTable(
  configured: Readonly<Record<string, PartialPrice>>,
  fallback: Price,
): PriceTable {
  const exact = new Map(Object.entries(configured).filter(([name]) => !name.endsWith('*')));
  const patterns = Object.entries(configured)
    .filter(([name]) => name.endsWith('*'))
    .map(([name, price]) => ({ prefix: name.slice(0, -1), price }))
    .sort((a, b) => b.prefix.length - a.prefix.length);

  function find(model: string): Price | undefined {
    const undated = undatedModel(model);
    const pattern = patterns.find(({ prefix }) => model.startsWith(prefix))?.price;
    const builtIn = builtInPrices.get(model) ?? builtInPrices.get(undated);
    const ofSnapshot = builtInPrices.has(model) ? undefined : exact.get(undated);
    const said = exact.get(model) ?? pattern ?? ofSnapshot;
    return said ? complete(said, builtIn) : builtIn;
  }

  function complete(partial: PartialPrice, builtIn: Price = fallback): Price {
    const said = Object.fromEntries(Object.entries(partial).filter(([, value]) => value !== undefined));
    return { ...(said['input'] === undefined ? builtIn : withInputAlone(builtIn)), ...said };
  }

  function findFineTuned(model: string): Price | undefined {
    const base = baseModel(model);
    if (base === model) return undefined;
    const own = find(`ft:${base}`) ?? find(`ft:${undatedModel(base)}`);
    const made = find(base);
    return own ?? (made && multiplied(made, fineTunedMultiple));
  }

  function priceOf(model: string): KnownPrice {
    const price = find(model) ?? findFineTuned(model);
    return { price: price ?? fallback, known: price !== undefined };
  }

  return {
    priceOf,
    priceOfAnswer(answered, asked) {
      const ofAnswered = answered === undefined ? undefined : priceOf(answered);
      return ofAnswered?.known ? ofAnswered.price : priceOf(asked).price;
    },
  };
}

/** Where an input price is configured, other input prices that are built in would be a mix of two price lists. */
function withInputAlone({
  cachedInput: _cached,
  cacheWrite: _write,
  longContext: _long,
  ...rest
}: Price): Price {
  return rest;
}

function multiplied(price: Price, multiple: number): Price {
  const { input, output, cachedInput = input, cacheWrite = input, longContext: long } = price;
  const times = (usd: number): number => usd * multiple;
  return {
    ...price,
    input: times(input),
    output: times(output),
    cachedInput: times(cachedInput),
    cacheWrite: times(cacheWrite),
    ...(long && {
      longContext: {
        aboveInputTokens: long.aboveInputTokens,
        input: times(long.input),
        output: times(long.output),
        cachedInput: times(long.cachedInput ?? long.input),
        cacheWrite: times(long.cacheWrite ?? long.input),
      },
    }),
  };
}
