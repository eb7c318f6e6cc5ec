import { setTimeout as sleep } from 'node:timers/promises';

import type { Exchange } from '../exchange.ts';
import { boundService } from '../openai/bound-service.ts';
import { priceAnswers } from '../openai/cost-of-answer.ts';
import type { TokenCounter } from '../openai/count-tokens.ts';
import { type InputEstimate, estimateInput } from '../openai/estimate-input.ts';
import type { Estimates } from '../openai/estimates.ts';
import { isBilled } from '../openai/is-billed.ts';
import { maxOutputTokens } from '../openai/model-limits.ts';
import { mayThinkUnseen } from '../openai/model-name.ts';
import { type OutputLimit, readOutputLimit } from '../openai/output-limit.ts';
import { type Service, costNanoUsd, worstCase } from '../openai/price-usage.ts';
import type { Price } from '../openai/price.ts';
import type { PriceTable } from '../openai/prices.ts';
import type { Usage } from '../openai/usage.ts';
import type { Demand } from './admission.ts';
import type { Priced } from './charge.ts';
import type { LearnedOutput } from './learned-output.ts';

/** What one call may cost before it is made, and does cost once it has ended. */
export interface CallCost extends Omit<Priced, 'held' | 'inputTokens'> {
  /** By a bound on the input that is cheap to tell. */
  demand: Demand;
  /** The same: a bound, or what was counted. */
  inputTokens: number;
  /** With the input's tokens counted; from then on also the call's `demand`. */
  count(): Promise<Demand>;
  isCounted(): boolean;
  /** The call names no maximum of output, and its model may put out more than is held for it. */
  readonly needsMaximum: boolean;
  /** Tells what the call put out, for the next ones of its kind. */
  learn(usage: Usage): void;
}

interface CallCostSettings {
  /** A call is priced by the table that is in force when it comes. */
  readonly prices: () => PriceTable;
  readonly counter: TokenCounter;
  readonly learned: LearnedOutput;
  /** Other models that may answer in place of the one that is asked for. */
  readonly substitutesOf: (model: string) => readonly string[];
  readonly estimates: () => Estimates & {
    /** Held, and asked for, where a call names no maximum. */
    readonly outputTokens: number;
    /** Held for a Batch, whose requests are in a file. */
    readonly batchTokens: number;
  };
}

/** No model takes so much input. */
const maxCountedBytes = 8_388_608;
const maxCountMs = 2000;

/** Undefined for an operation that costs no tokens. */
export type CostOfCall = (exchange: Exchange, model: string) => CallCost | undefined;

export function createCostOfCall(settings: CallCostSettings): CostOfCall {
  const { counter, learned, substitutesOf } = settings;
  return (exchange, model) => {
    if (!isBilled(exchange.operation)) return undefined;
    const { operation, body } = exchange;
    const estimates = settings.estimates();
    const prices = settings.prices();
    const priceOf = priceAnswers(prices);
    const possible = [model, ...substitutesOf(model)].map((name) => prices.priceOf(name).price);
    const parsed = body.kind === 'json' ? body : undefined;
    const isBatch = operation.usage === 'batch';
    const limit = readOutputLimit(operation, parsed?.value);
    const input = isBatch
      ? { boundTokens: estimates.batchTokens, fixedTokens: estimates.batchTokens, texts: () => [] }
      : estimateInput(operation, parsed, estimates);
    const kind = `${operation.name} ${model} ${exchange.identity?.app ?? ''}`;
    const service = { isBatch, ...boundService(parsed?.value) };
    const pricing = { possible, limit, service };
    const output = outputOf(limit, model, estimates.outputTokens, learned.usualTokens(kind));
    let isCounted = false;
    const cost: CallCost = {
      demand: demandOf(input.boundTokens, output, pricing),
      inputTokens: input.boundTokens,
      isCounted: () => isCounted,
      async count() {
        cost.inputTokens = await countInput(input, model);
        isCounted = true;
        cost.demand = demandOf(cost.inputTokens, output, pricing);
        return cost.demand;
      },
      needsMaximum:
        limit.outputTokens === undefined &&
        limit.canClamp &&
        output.outputTokens < (maxOutputTokens(model) ?? 0),
      mayThinkUnseen: mayThinkUnseen(model),
      cost: (usage, outcome) => ({
        tokens: usage.totalTokens,
        nanoUsd: priceOf(operation.name, model, { ...outcome, usage }) ?? 0,
      }),
      costOf: (tokens, answered) => ({
        tokens: tokens.input + tokens.output,
        nanoUsd: costNanoUsd(
          prices.priceOfAnswer(answered, model),
          plainUsage(tokens.input, tokens.output),
          {},
        ),
      }),
      // What is usual is held for each choice.
      learn: (usage) => learned.learn(kind, Math.ceil(usage.outputTokens / limit.choices)),
    };
    return cost;
  };

  async function countInput(
    { boundTokens, fixedTokens, texts }: InputEstimate,
    model: string,
  ): Promise<number> {
    // What can't be counted, or not soon, stays bounded: one odd text must not hold up all other calls.
    if (boundTokens > maxCountedBytes) return boundTokens;
    const counting = counter.count(texts(), model).catch(() => boundTokens);
    const counted = await Promise.race([counting, sleep(maxCountMs, boundTokens, { ref: false })]);
    return Math.min(boundTokens, fixedTokens + counted);
  }
}

interface OutputRange {
  readonly outputTokens: number;
  readonly minOutputTokens: number;
  readonly usualOutputTokens: number;
}

/**
 * The caller's maximum; else what the model can put out, if that is known to be less than the default; else
 * the default, which is then asked for.
 */
function outputOf(
  limit: OutputLimit,
  model: string,
  byDefault: number,
  usual: number | undefined,
): OutputRange {
  const largest = maxOutputTokens(model) ?? Infinity;
  const outputTokens = Math.min(limit.outputTokens ?? byDefault, largest);
  return {
    outputTokens,
    minOutputTokens: limit.canClamp ? Math.min(limit.minOutputTokens, outputTokens) : outputTokens,
    usualOutputTokens: Math.min(usual ?? outputTokens, outputTokens),
  };
}

interface Pricing {
  /** Of every model that may answer. */
  readonly possible: readonly Price[];
  readonly limit: OutputLimit;
  readonly service: Service;
}

function demandOf(inputTokens: number, output: OutputRange, { possible, limit, service }: Pricing): Demand {
  const worst = possible.map((price) => worstCase(price, inputTokens, service));
  return {
    fixed: { tokens: inputTokens, nanoUsd: Math.max(...worst.map((one) => one.fixedNanoUsd)) },
    perOutputToken: {
      tokens: limit.choices,
      nanoUsd: Math.max(...worst.map((one) => one.perOutputTokenNanoUsd)) * limit.choices,
    },
    ...output,
  };
}

function plainUsage(inputTokens: number, outputTokens: number): Usage {
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    totalTokens: inputTokens + outputTokens,
  };
}
