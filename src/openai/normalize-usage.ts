import { isRecord } from './is-record.ts';
import type { Usage } from './usage.ts';

/**
 * Reads a `usage` object in either of the API's vocabularies: `input_tokens` and `output_tokens`, or
 * `prompt_tokens` and `completion_tokens`. Undefined if it says nothing that can be trusted.
 *
 * A count is a JSON number that is whole, not negative and at most `maxUsageTokens`. An input count must be there, an
 * output count may be missing (embeddings have none). An object with any other input, output or total is
 * ignored as a whole. A missing total is the sum; so is one below the sum, while a larger one stands, because
 * some vendors count reasoning only there. A detail that is no count, or exceeds what it is a part of, is
 * zero: tokens then cost their full price.
 */
export function normalizeUsage(value: unknown): Usage | undefined {
  if (!isRecord(value)) return undefined;
  const inputTokens = value['input_tokens'] ?? value['prompt_tokens'];
  const outputTokens = value['output_tokens'] ?? value['completion_tokens'] ?? 0;
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined;
  const sumTokens = inputTokens + outputTokens;
  const totalTokens = value['total_tokens'] ?? sumTokens;
  if (!isCount(totalTokens) || !isCount(sumTokens)) return undefined;

  // Runs have been seen with a name of their own, without the plural.
  const inputDetails =
    value['input_tokens_details'] ?? value['prompt_tokens_details'] ?? value['prompt_token_details'];
  const outputDetails = value['output_tokens_details'] ?? value['completion_tokens_details'];
  const cachedInputTokens = detail(inputDetails, 'cached_tokens', inputTokens);
  return {
    inputTokens,
    cachedInputTokens,
    cacheWriteTokens: detail(inputDetails, 'cache_write_tokens', inputTokens - cachedInputTokens),
    outputTokens,
    reasoningTokens: detail(outputDetails, 'reasoning_tokens', outputTokens),
    totalTokens: Math.max(totalTokens, sumTokens),
  };
}

/**
 * The most tokens that one call can have used: more than any batch can hold (its file has at most 200 MB and
 * 50,000 requests). What claims more is broken or hostile, and must not empty a budget.
 */
export const maxUsageTokens = 10_000_000_000;

function detail(details: unknown, key: string, atMost: number): number {
  const count = isRecord(details) ? details[key] : undefined;
  return isCount(count) && count <= atMost ? count : 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= maxUsageTokens;
}
