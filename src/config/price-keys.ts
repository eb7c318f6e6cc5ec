/** The keys that say what tokens cost, and what is held for what a request doesn't tell. */
import Type from 'typebox';

import { entry, integer, number, section } from './fields.ts';

/** A dollar a token: a higher price was meant in another unit. */
const maxPriceUsd = 1_000_000;

export const modelsSection = section({
  prices: Type.Refine(
    Type.Record(
      Type.String(),
      entry({
        input: price('input'),
        cachedInput: price('input that the upstream had in its cache'),
        cacheWrite: price('input that is written to a cache'),
        output: price('output, reasoning included'),
        priorityMultiple: Type.Optional(
          Type.Number({
            minimum: 1,
            maximum: 100,
            description: 'How many times as much a call costs that is served with priority.',
          }),
        ),
        perRequest: Type.Optional(usd('USD for each request, beside its tokens.')),
        longContext: Type.Optional(
          entry({
            aboveInputTokens: Type.Integer({
              minimum: 1,
              maximum: 1_000_000_000,
              description: 'Calls with more input than this have the prices beside it.',
            }),
            input: usd('USD per 1M tokens of input of long calls.'),
            cachedInput: price('cached input of long calls'),
            cacheWrite: price('input of long calls that is written to a cache'),
            output: usd('USD per 1M tokens of output of long calls.'),
          }),
        ),
        webSearchCall: Type.Optional(usd('USD for each web search.')),
        fileSearchCall: Type.Optional(usd('USD for each file search.')),
        codeInterpreterSession: Type.Optional(usd('USD for each session of the code interpreter.')),
      }),
      {
        default: {},
        description: 'Prices by model, or by a pattern that ends in `*`; what is left out is as built in.',
      },
    ),
    (value) => Object.keys(value).every((model) => /^[^*]+\*?$|^\*$/.test(model)),
    () => 'may hold * only at the end of a model',
  ),
  fallbackPrice: section({
    input: number(10, 'USD per 1M tokens of input of a model without a price.', { maximum: maxPriceUsd }),
    output: number(40, 'USD per 1M tokens of output of a model without a price.', { maximum: maxPriceUsd }),
  }),
});

export const estimatesSection = section({
  outputTokens: tokens(16_384, 'Output held for, and asked of, a call that sets no maximum.', { minimum: 1 }),
  conversationTokens: tokens(16_000, 'Input held for a conversation, thread or prompt that is only named.'),
  imageTokens: tokens(2500, 'Input held for an image of unknown size.'),
  originalImageTokens: tokens(10_000, 'The same for an image that is sent with `detail: original`.'),
  fileTokens: tokens(20_000, 'Input held for each file, and each MiB of one that is sent inline.'),
  fileSearchChunkTokens: tokens(800, 'Input held for each result that a file search may bring.'),
  webSearchTokens: tokens(8000, 'Input held for a web search.'),
  codeInterpreterTokens: tokens(500, 'Input held for the code interpreter.'),
  mcpTokens: tokens(8000, 'Input held for each MCP server.'),
  hostedToolTokens: tokens(2000, 'Input held for each hosted tool of another kind, such as computer use.'),
  batchTokens: tokens(1_000_000, 'Input held for a batch, whose requests are in a file.', { minimum: 1 }),
});

function price(what: string) {
  return Type.Optional(usd(`USD per 1M tokens of ${what}.`));
}

function usd(description: string) {
  return Type.Number({ minimum: 0, maximum: maxPriceUsd, description });
}

function tokens(defaultValue: number, description: string, { minimum = 0 } = {}) {
  return integer(defaultValue, description, { minimum, maximum: 1_000_000_000 });
}
