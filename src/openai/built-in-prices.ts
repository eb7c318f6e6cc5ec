import type { Price } from './price.ts';

/** USD for each use: web search $10 and file search $2.50 for 1,000 calls, and a container of 1 GB. */
export const defaultToolPrices = {
  webSearchCall: 0.01,
  fileSearchCall: 0.0025,
  codeInterpreterSession: 0.03,
};

type Row = readonly [
  names: string,
  input: number,
  output: number,
  others?: Omit<Price, 'input' | 'output'> & { readonly isLong?: boolean },
];

/**
 * OpenAI's list prices in USD for a million tokens, as of 2026-11-21. Source:
 * https://developers.openai.com/api/docs/pricing, by way of what genai-prices 0.2.3 (PyPI) verified of it in
 * October 2026; retired models have the price that they had last.
 *
 * Where text, sound and images cost differently, the dearest stands, because usage doesn't tell them apart here.
 * Speech by `tts-1` is sold by the character, so the price of a token bounds that. What is sold by the minute, as
 * `whisper-1` is, is missing.
 */
// oxfmt-ignore
const rows: readonly Row[] = [
  ['gpt-6.1-sol', 2, 10, { cachedInput: 0.1, cacheWrite: 2.5, isLong: true }],
  ['gpt-6.1-terra', 1, 5, { cachedInput: 0.05, cacheWrite: 1.25, isLong: true }],
  ['gpt-6-astra', 10, 50, { cachedInput: 1, cacheWrite: 12.5, isLong: true }],
  ['gpt-6-sol', 2, 10, { cachedInput: 0.2, cacheWrite: 2.5, isLong: true }],
  ['gpt-6-luna', 0.1, 0.5, { cachedInput: 0.01, cacheWrite: 0.125, isLong: true }],
  ['gpt-6-cyber', 20, 100, { cachedInput: 2, cacheWrite: 25 }],
  ['gpt-5.6-sol', 4, 20, { cachedInput: 0.4, cacheWrite: 5, isLong: true }],
  ['gpt-5.6-terra', 2, 12, { cachedInput: 0.2, cacheWrite: 2.5, isLong: true }],
  ['gpt-5.6-luna', 0.2, 1.2, { cachedInput: 0.02, cacheWrite: 0.25, isLong: true }],
  ['gpt-5.6-cyber', 12.5, 75, { cachedInput: 1.25, cacheWrite: 15.625 }],
  ['gpt-5.5 gpt-5.5-codex gpt-5.5-chat-latest', 5, 30, { cachedInput: 0.5, priorityMultiple: 2.5, isLong: true }],
  ['gpt-5.5-pro gpt-5.4-pro', 30, 180, { isLong: true }],
  ['gpt-chat-latest', 5, 30, { cachedInput: 0.5 }],
  ['gpt-5.4', 2.5, 15, { cachedInput: 0.25, isLong: true }],
  ['gpt-5.4-mini', 0.75, 4.5, { cachedInput: 0.075 }],
  ['gpt-5.4-nano', 0.2, 1.25, { cachedInput: 0.02 }],
  ['gpt-5.3-codex gpt-5.3-chat-latest gpt-5.2 gpt-5.2-codex gpt-5.2-chat-latest', 1.75, 14, { cachedInput: 0.175 }],
  ['gpt-5.2-pro', 21, 168],
  ['gpt-5.1 gpt-5.1-codex gpt-5.1-codex-max gpt-5.1-chat-latest', 1.25, 10, { cachedInput: 0.125 }],
  ['gpt-5 gpt-5-codex gpt-5-chat-latest', 1.25, 10, { cachedInput: 0.125 }],
  ['gpt-5-search-api', 1.25, 10, { cachedInput: 0.125, perRequest: 0.01 }],
  ['gpt-5-mini gpt-5.1-codex-mini', 0.25, 2, { cachedInput: 0.025 }],
  ['gpt-5-nano', 0.05, 0.4, { cachedInput: 0.005 }],
  ['gpt-5-pro', 15, 120],

  ['gpt-4.5-preview', 75, 150, { cachedInput: 37.5 }],
  ['gpt-4.1', 2, 8, { cachedInput: 0.5 }],
  ['gpt-4.1-mini', 0.4, 1.6, { cachedInput: 0.1 }],
  ['gpt-4.1-nano', 0.1, 0.4, { cachedInput: 0.025 }],
  ['gpt-4o', 2.5, 10, { cachedInput: 1.25 }],
  ['gpt-4o-2024-05-13 chatgpt-4o-latest', 5, 15],
  ['gpt-4o-mini', 0.15, 0.6, { cachedInput: 0.075 }],
  // The search is part of each call: $25 for 1,000.
  ['gpt-4o-search-preview', 2.5, 10, { perRequest: 0.025 }],
  ['gpt-4o-mini-search-preview', 0.15, 0.6, { perRequest: 0.025 }],
  ['gpt-4-turbo gpt-4-turbo-preview gpt-4-vision-preview gpt-4-1106-preview gpt-4-0125-preview', 10, 30],
  ['gpt-4', 30, 60],
  ['gpt-4-32k', 60, 120],
  ['gpt-3.5-turbo gpt-35-turbo', 0.5, 1.5],
  ['gpt-3.5-turbo-1106', 1, 2],
  ['gpt-3.5-turbo-0613 gpt-3.5-turbo-0301 gpt-3.5-turbo-instruct', 1.5, 2],
  ['gpt-3.5-turbo-16k gpt-35-turbo-16k', 3, 4],
  ['davinci-002', 2, 2],
  ['babbage-002', 0.4, 0.4],

  ['o1 o1-preview', 15, 60, { cachedInput: 7.5 }],
  ['o1-mini o3-mini', 1.1, 4.4, { cachedInput: 0.55 }],
  ['o1-pro', 150, 600],
  ['o3', 2, 8, { cachedInput: 0.5 }],
  ['o3-pro', 20, 80],
  ['o3-deep-research', 10, 40, { cachedInput: 2.5 }],
  ['o4-mini', 1.1, 4.4, { cachedInput: 0.275 }],
  ['o4-mini-deep-research', 2, 8, { cachedInput: 0.5 }],
  ['codex-mini codex-mini-latest', 1.5, 6, { cachedInput: 0.375 }],
  ['computer-use-preview', 3, 12],

  ['ft:gpt-4o', 3.75, 15, { cachedInput: 1.875 }],
  ['ft:gpt-4o-mini', 0.3, 1.2, { cachedInput: 0.15 }],
  ['ft:gpt-4.1', 3, 12, { cachedInput: 0.75 }],
  ['ft:gpt-4.1-mini', 0.8, 3.2, { cachedInput: 0.2 }],
  ['ft:gpt-4.1-nano', 0.2, 0.8, { cachedInput: 0.05 }],
  ['ft:gpt-3.5-turbo', 3, 6],
  ['ft:o4-mini', 4, 16, { cachedInput: 1 }],

  ['text-embedding-3-small', 0.02, 0],
  ['text-embedding-3-large', 0.13, 0],
  ['text-embedding-ada-002', 0.1, 0],
  ['omni-moderation-latest text-moderation-latest text-moderation-stable', 0, 0],

  ['gpt-image-1', 10, 40, { cachedInput: 2.5 }],
  ['gpt-image-1-mini', 2.5, 8, { cachedInput: 0.25 }],
  ['gpt-image-1.5 chatgpt-image-latest', 8, 32, { cachedInput: 2 }],
  ['gpt-image-2', 8, 30, { cachedInput: 2 }],
  ['gpt-audio', 32, 64],
  ['gpt-audio-mini', 10, 20],
  ['gpt-4o-audio-preview', 40, 80],
  ['gpt-4o-mini-audio-preview', 10, 20],
  ['gpt-4o-transcribe gpt-4o-transcribe-diarize', 6, 10],
  ['gpt-4o-mini-transcribe', 3, 5],
  ['gpt-4o-mini-tts', 0.6, 12],
  ['tts-1', 15, 0],
  ['tts-1-hd', 30, 0],
];

export const builtInPrices: ReadonlyMap<string, Price> = new Map(
  rows.flatMap((row) => row[0].split(' ').map((name) => [name, toPrice(row)] as const)),
);

function toPrice([, input, output, { isLong, ...others } = {}]: Row): Price {
  return { input, output, ...others, ...(isLong && { longContext: longContext(input, output, others) }) };
}

/** Above 272,000 input tokens a whole call costs twice as much for its input, and half as much again for its output. */
function longContext(
  input: number,
  output: number,
  { cachedInput, cacheWrite }: Pick<Price, 'cachedInput' | 'cacheWrite'>,
): NonNullable<Price['longContext']> {
  return {
    aboveInputTokens: 272_000,
    input: input * 2,
    output: output * 1.5,
    ...(cachedInput !== undefined && { cachedInput: cachedInput * 2 }),
    ...(cacheWrite !== undefined && { cacheWrite: cacheWrite * 2 }),
  };
}
