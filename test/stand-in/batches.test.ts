import assert from 'node:assert/strict';
import { test } from 'node:test';

import type OpenAI from 'openai';
import { toFile } from 'openai';
import type { Batch } from 'openai/resources/batches';

import { stoppedClock, withStandIn } from './with-stand-in.ts';

async function upload(client: OpenAI, lines: object[]): Promise<string> {
  const content = lines.map((line) => JSON.stringify(line)).join('\n');
  const file = await client.files.create({
    file: await toFile(Buffer.from(content), 'in.jsonl'),
    purpose: 'batch',
  });
  return file.id;
}

const line = (id: string, model = 'gpt-4o') => ({
  custom_id: id,
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model, messages: [{ role: 'user', content: id }] },
});

const CHAT = { endpoint: '/v1/chat/completions', completion_window: '24h' } as const;

async function ended(client: OpenAI, batch: Batch): Promise<Batch> {
  const open = new Set(['validating', 'in_progress', 'finalizing', 'cancelling']);
  let current = batch;
  while (open.has(current.status)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    current = await client.batches.retrieve(batch.id);
  }
  return current;
}

test('a batch runs its lines, and its usage is the sum of theirs', async (t) => {
  const { client } = await withStandIn(t);
  const input_file_id = await upload(client, [line('a'), line('b'), line('c', 'no-such-model')]);
  const created = await client.batches.create({ ...CHAT, input_file_id, metadata: { k: 'v' } });
  assert.equal(created.status, 'validating');
  const batch = await ended(client, created);
  assert.equal(batch.status, 'completed');
  assert.deepEqual(batch.request_counts, { total: 3, completed: 2, failed: 1 });
  const output = await (await client.files.content(batch.output_file_id ?? '')).text();
  const results = output
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text));
  assert.deepEqual(
    results.map((result) => result.custom_id),
    ['a', 'b'],
  );
  assert.equal(
    batch.usage?.total_tokens,
    results.reduce((sum, result) => sum + result.response.body.usage.total_tokens, 0),
  );
  const errors = await (await client.files.content(batch.error_file_id ?? '')).text();
  assert.equal(JSON.parse(errors).response.body.error.code, 'model_not_found');
  assert.equal((await client.batches.list()).data[0]?.id, batch.id);
});

test('a cancelled batch keeps the usage of the lines it did', async (t) => {
  const clock = stoppedClock();
  const { client } = await withStandIn(t, { queuedMs: 100, workMs: 1000, now: clock.now });
  const input_file_id = await upload(client, [line('a'), line('b'), line('c'), line('d')]);
  const created = await client.batches.create({ ...CHAT, input_file_id });
  clock.advance(100 + 600);
  assert.equal((await client.batches.retrieve(created.id)).status, 'in_progress');
  assert.equal((await client.batches.cancel(created.id)).status, 'cancelling');
  clock.advance(100);
  const batch = await client.batches.retrieve(created.id);
  assert.equal(batch.status, 'cancelled');
  assert.equal(batch.request_counts?.completed, 2);
  const output = await (await client.files.content(batch.output_file_id ?? '')).text();
  assert.equal(output.trim().split('\n').length, 2);
  assert.ok(batch.usage && batch.usage.total_tokens > 0);
});

test('a batch with a line for another endpoint fails', async (t) => {
  const { client } = await withStandIn(t);
  const input_file_id = await upload(client, [{ ...line('a'), url: '/v1/embeddings' }]);
  const batch = await ended(client, await client.batches.create({ ...CHAT, input_file_id }));
  assert.equal(batch.status, 'failed');
  assert.match(batch.errors?.data?.[0]?.message ?? '', /does not match/);
});
