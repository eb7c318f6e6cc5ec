import { defaultToolPrices } from './built-in-prices.ts';
import { maxUsageTokens } from './normalize-usage.ts';
import type { Price } from './price.ts';
import type { ToolCalls } from './tool-calls.ts';
import type { Usage } from './usage.ts';

/** How a call was, or is to be, served. */
export interface Service {
  /** As the answer says, or for a bound as the request does. */
  readonly serviceTier?: string | undefined;
  readonly isBatch?: boolean;
  /** Calls of hosted tools that were made, or for a bound the most that may be. */
  readonly toolCalls?: ToolCalls | undefined;
}

/**
 * What a call cost, in nano-USD, rounded up once, at the end. The result is a safe integer whatever the numbers:
 * counts are taken as `normalizeUsage` lets them through (below zero or no number: zero; larger than
 * `maxUsageTokens`: that), parts at most as large as their whole, and a cost as at most `maxNanoUsd`.
 *
 * Tokens that stand in the total alone cost as output, since some vendors count reasoning only there.
 */
export function costNanoUsd(price: Price, usage: Usage, service: Service = {}): number {
  const inputTokens = toCount(usage.inputTokens);
  const cachedTokens = Math.min(toCount(usage.cachedInputTokens), inputTokens);
  const writtenTokens = Math.min(toCount(usage.cacheWriteTokens), inputTokens - cachedTokens);
  const outputTokens = Math.max(toCount(usage.outputTokens), toCount(usage.totalTokens) - inputTokens);
  const rates = isLong(price, inputTokens) ? price.longContext! : price;
  const picoUsd =
    BigInt(inputTokens - cachedTokens - writtenTokens) * picoUsdPerToken(rates.input) +
    BigInt(cachedTokens) * picoUsdPerToken(rates.cachedInput ?? rates.input) +
    BigInt(writtenTokens) * picoUsdPerToken(rates.cacheWrite ?? rates.input) +
    BigInt(outputTokens) * picoUsdPerToken(rates.output);
  return toNanoUsd(picoUsd * tierPercent(price, service) + otherPicoUsd(price, service.toolCalls) * 100n);
}

/** What a call costs at most: so much besides its output, and so much for each token of that. */
export interface WorstCase {
  readonly fixedNanoUsd: number;
  /** May be a fraction. */
  readonly perOutputTokenNanoUsd: number;
}

/**
 * Bounds `costNanoUsd` of a call with at most `inputTokens`, whatever the cache does: all input is taken at the
 * dearest of its prices, at those for long contexts if it may be that long.
 *
 * Of the tier: a batch is half the price, and what asks for priority (`priority`, `fast`) costs that. All else is
 * held at the standard price: flex, because it may be served as standard, and `auto`, although a project can be set
 * to priority. Who did that should configure prices accordingly.
 */
export function worstCase(price: Price, inputTokens: number, service: Service = {}): WorstCase {
  const { input, output } = isLong(price, inputTokens) ? dearer(price, price.longContext!) : dearest(price);
  const percent = maxBigInt(tierPercent(price, service), service.isBatch ? 0n : 100n);
  const inputPicoUsd = BigInt(toCount(inputTokens)) * picoUsdPerToken(input);
  return {
    fixedNanoUsd: toNanoUsd(inputPicoUsd * percent + otherPicoUsd(price, service.toolCalls) * 100n),
    perOutputTokenNanoUsd: Number(picoUsdPerToken(output) * percent) / 100_000,
  };
}

/** Keeps sums of costs exact; nine million dollars. */
export const maxNanoUsd = 9_000_000_000_000_000;

type Rates = Pick<Price, 'input' | 'output' | 'cachedInput' | 'cacheWrite'>;

function dearest({ input, output, cachedInput = 0, cacheWrite = 0 }: Rates): {
  input: number;
  output: number;
} {
  return { input: Math.max(input, cachedInput, cacheWrite), output };
}

function dearer(one: Rates, other: Rates): { input: number; output: number } {
  return {
    input: Math.max(dearest(one).input, dearest(other).input),
    output: Math.max(one.output, other.output),
  };
}

function isLong({ longContext }: Price, inputTokens: number): boolean {
  return longContext !== undefined && inputTokens > longContext.aboveInputTokens;
}

/** Of the standard price, in percent. OpenAI's price list; `fast` is the newer name of `priority`. */
function tierPercent(price: Price, { serviceTier, isBatch }: Service): bigint {
  if (isBatch || serviceTier === 'flex') return 50n;
  const isPriority = serviceTier === 'priority' || serviceTier === 'fast';
  return isPriority ? BigInt(Math.ceil((price.priorityMultiple ?? 2) * 100)) : 100n;
}

/** What a call costs besides its tokens, which no tier changes. */
function otherPicoUsd(price: Price, toolCalls: ToolCalls | undefined): bigint {
  const usd = picoUsdPerUse(price.perRequest ?? 0);
  if (!toolCalls) return usd;
  const tools = { ...defaultToolPrices, ...price };
  // Calls of an answer share a container.
  const sessions = Math.min(1, toCount(toolCalls.codeInterpreter));
  return (
    usd +
    BigInt(toCount(toolCalls.webSearch)) * picoUsdPerUse(tools.webSearchCall) +
    BigInt(toCount(toolCalls.fileSearch)) * picoUsdPerUse(tools.fileSearchCall) +
    BigInt(sessions) * picoUsdPerUse(tools.codeInterpreterSession)
  );
}

/** $1 for a million tokens is a million pico-USD for each: so prices with six decimals are integers. */
function picoUsdPerToken(usdPerMillion: number): bigint {
  return BigInt(Math.round(usdPerMillion * 1e6));
}

function picoUsdPerUse(usd: number): bigint {
  return BigInt(Math.round(usd * 1e12));
}

/** From hundredths of pico-USD. */
function toNanoUsd(picoUsdTimes100: bigint): number {
  const nanoUsd = (picoUsdTimes100 + 99_999n) / 100_000n;
  return nanoUsd > maxNanoUsd ? maxNanoUsd : Number(nanoUsd);
}

function toCount(tokens: number): number {
  return tokens > 0 ? Math.min(Math.ceil(tokens), maxUsageTokens) : 0;
}

function maxBigInt(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
