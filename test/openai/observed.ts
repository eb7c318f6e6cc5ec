import assert from 'node:assert/strict';

import { operations } from '../../src/openai/operations.ts';
import type { Operation } from '../../src/openai/operations.ts';
import { createUsageReader } from '../../src/openai/read-usage.ts';
import type { Observed } from '../../src/openai/read-usage.ts';
import type { Usage } from '../../src/openai/usage.ts';

export function read(name: string, contentType: string, chunks: readonly Uint8Array[]): Observed {
  const reader = createUsageReader(named(name), contentType);
  assert.ok(reader);
  for (const chunk of chunks) reader.push(chunk);
  return reader.end();
}

export function named(name: string): Operation {
  const operation = operations.find((candidate) => candidate.name === name);
  assert.ok(operation, name);
  return operation;
}

export function usageOf(inputTokens: number, outputTokens: number, others: Partial<Usage> = {}): Usage {
  return {
    inputTokens,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens,
    reasoningTokens: 0,
    totalTokens: inputTokens + outputTokens,
    ...others,
  };
}
