import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createCostOfCall } from '../../src/ledger/call-cost.ts';
import { learnOutput } from '../../src/ledger/learned-output.ts';
import { createTokenCounter } from '../../src/openai/count-tokens.ts';
import { matchOperation } from '../../src/openai/match-operation.ts';
import { createPriceTable } from '../../src/openai/prices.ts';
import { defaultEstimates } from '../harness/default-estimates.ts';
import { plainExchange } from '../harness/exchange.ts';

test('what a call of several choices put out is learned by the choice', () => {
  const prices = createPriceTable({}, { input: 1, output: 1 });
  const costOfCall = createCostOfCall({
    substitutesOf: () => [],
    prices: () => prices,
    counter: createTokenCounter(),
    learned: learnOutput(),
    estimates: () => ({ ...defaultEstimates, outputTokens: 1000, batchTokens: 1 }),
  });
  const value = { model: 'gpt-4o', messages: [], n: 4, max_completion_tokens: 1000 };
  const { operation } = matchOperation('POST', '/v1/chat/completions')!;
  const exchange = {
    ...plainExchange(),
    operation,
    body: { kind: 'json', value, bytes: Buffer.from(JSON.stringify(value)) },
  } as const;
  const usage = { inputTokens: 10, outputTokens: 400, totalTokens: 410 };
  const details = { cachedInputTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
  for (let call = 0; call < 20; call += 1) costOfCall(exchange, 'gpt-4o')!.learn({ ...usage, ...details });
  assert.equal(costOfCall(exchange, 'gpt-4o')!.demand.usualOutputTokens, 100);
});
