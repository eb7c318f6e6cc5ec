import { costNanoUsd } from './price-usage.ts';
import type { PriceTable } from './prices.ts';
import type { Observed } from './read-usage.ts';

/**
 * What an answer of an operation cost, in nano-USD, at the price of the model that answered, or was asked for if that
 * is not known; undefined of one that doesn't tell what it used.
 */
export type CostOfAnswer = (operation: string, askedModel: string, answer: Observed) => number | undefined;

export function priceAnswers(prices: PriceTable): CostOfAnswer {
  return (operation, askedModel, { usage, model, serviceTier, toolCalls }) =>
    usage &&
    costNanoUsd(prices.priceOfAnswer(model, askedModel), usage, {
      serviceTier,
      toolCalls,
      isBatch: operation.startsWith('batches.'),
    });
}
