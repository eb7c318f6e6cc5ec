import assert from 'node:assert/strict';
import { test } from 'node:test';

import { operations } from '../../src/openai/operations.ts';
import { conversationOf, shortModelOf } from '../../src/policies/trace-attempt.ts';
import { plainExchange } from '../harness/exchange.ts';
import { keptBytesOf } from './kept-bytes.ts';

const operation = operations.find(({ name }) => name === 'responses.create')!;

test('what a span is told of a model and a conversation keeps nothing in memory of a body', () => {
  const keptBytes = keptBytesOf(20, (index) => {
    const text = `${index} ${'x'.repeat(2_000_000)}`;
    const value: unknown = JSON.parse(JSON.stringify({ model: text, conversation: text }));
    const exchange = {
      ...plainExchange(),
      operation,
      body: { kind: 'json' as const, bytes: Buffer.alloc(0), value },
    };
    return [shortModelOf(exchange), conversationOf(exchange)];
  });
  assert.ok(keptBytes < 20_000_000, `${keptBytes} bytes`);
});
