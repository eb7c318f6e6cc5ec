import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { operations } from '../../src/openai/operations.ts';
import type { Usage } from '../../src/openai/usage.ts';
import { chunked } from './chunkings.ts';
import { read } from './observed.ts';

const json = 'application/json';
const sse = 'text/event-stream';

const reading = operations.filter(({ usage }) => usage !== null);
const part = fc.oneof(
  fc.constantFrom(
    'data: ',
    '\n',
    '\n\n',
    '\r\n\r\n',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    ' ',
    '[DONE]',
    'null',
  ),
  fc.constantFrom(
    '"usage":',
    '"response":{',
    '"thread.run"',
    '"object":"thread.run"',
    '"id":"a"',
    '"model":"m"',
  ),
  fc.constantFrom(
    '"prompt_tokens":5',
    '"completion_tokens":6',
    '"input_tokens":-1',
    '"total_tokens":1e300',
    'é',
  ),
  fc.constantFrom(
    'data: {"id":"x","usage":{"prompt_tokens":7}}\n\n',
    '{"usage":{"input_tokens":3,"output_tokens":1}}',
  ),
);
const bytes = fc.oneof(
  fc.array(part, { maxLength: 16 }).map((parts) => new Uint8Array(Buffer.from(parts.join('')))),
  fc.uint8Array({ maxLength: 30 }),
);

test('whatever the bytes, what is read does not depend on how they are cut, and is no nonsense', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...reading),
      fc.constantFrom(json, sse),
      chunked(bytes),
      (operation, type, input) => {
        const observed = read(operation.name, type, input.chunks);
        assert.deepEqual(observed, read(operation.name, type, [input.bytes]));
        if (observed.usage) assertSane(observed.usage);
        for (const value of [observed.id, observed.model, observed.status]) {
          assert.ok(value === undefined || typeof value === 'string');
        }
      },
    ),
    { numRuns: 25_000 },
  );
});

test('any usage in a stream is read as it is in JSON, or not at all', () => {
  const count = fc.oneof(
    fc.nat({ max: 50 }),
    fc.constantFrom(-1, 0.5, '3', null, 2 ** 53, 2 ** 53 - 1, true),
  );
  const usage = fc.record(
    {
      prompt_tokens: count,
      completion_tokens: count,
      total_tokens: count,
      prompt_tokens_details: fc.oneof(count, fc.record({ cached_tokens: count, cache_write_tokens: count })),
      completion_tokens_details: fc.oneof(count, fc.record({ reasoning_tokens: count })),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(usage, (value) => {
      const body = JSON.stringify({ id: 'a', usage: value });
      const observed = read('chat.completions.create', json, [Buffer.from(body)]);
      assert.deepEqual(read('chat.completions.create', sse, [Buffer.from(`data: ${body}\n\n`)]), observed);
      if (observed.usage) assertSane(observed.usage);
      else
        assert.ok(
          !isPlain(value.prompt_tokens) || !isPlain(value.completion_tokens) || !isPlain(value.total_tokens),
        );
    }),
    { numRuns: 10_000 },
  );
});

function isPlain(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 50;
}

function assertSane(usage: Usage): void {
  for (const value of Object.values(usage)) assert.ok(Number.isSafeInteger(value) && value >= 0);
  assert.ok(usage.cachedInputTokens + usage.cacheWriteTokens <= usage.inputTokens);
  assert.ok(usage.reasoningTokens <= usage.outputTokens);
  assert.ok(usage.totalTokens >= usage.inputTokens + usage.outputTokens);
}
