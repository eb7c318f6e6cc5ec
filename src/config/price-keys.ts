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
        perRequest: Type.Optional(usd('USD for each request, beside its tokens.')),
        longContext: Type.Optional(
          entry({
            aboveInputTokens: Type.Integer({
              minimum: 1,
              maximum: 1_000_000_000,
              description: 'Calls with more input than this have the prices beside it.',
            }),
            input: price('input of long calls'),
            cachedInput: price('cached input of long calls'),
            output: price('output of long calls'),
          }),
        ),
        webSearchCall: Type.Optional(usd('USD for each web search.')),
        fileSearchCall: Type.Optional(usd('USD for each file search.')),
        codeInterpreterSession: Type.Optional(usd('USD for each session of the code interpreter.')),
      }),
      {
        default: {},
        description: 'Prices by model, or by a pattern that ends in `*`; they win over the built-in ones.',
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
  outputTokens: tokens(16_384, 'Output held, and asked for, where a call sets no maximum.', { minimum: 16 }),
  conversationTokens: tokens(16_000, 'Input held for a conversation, thread or prompt that is only named.'),
  imageTokens: tokens(2500, 'Input held for an image whose cost no rule of OpenAI tells.'),
  originalImageTokens: tokens(10_000, 'The same for an image with `detail: original`.'),
  fileTokens: tokens(20_000, 'Input held for a file, and for each started MiB of one that is sent inline.'),
  fileSearchChunkTokens: tokens(800, 'Input held for each result of a file search.'),
  webSearchTokens: tokens(8000, 'Input held for a web search.'),
  codeInterpreterTokens: tokens(500, 'Input held for the code interpreter.'),
  mcpTokens: tokens(8000, 'Input held for each MCP server.'),
  hostedToolTokens: tokens(2000, 'Input held for a hosted tool of another kind.'),
  toolCalls: integer(5, 'Calls of hosted tools held for a request that sets no maximum.', { maximum: 1000 }),
  batchTokens: tokens(1_000_000, 'Tokens held for a batch until it tells what it used.'),
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
