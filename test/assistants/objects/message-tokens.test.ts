import assert from 'node:assert/strict';
import { test } from 'node:test';

import { countMessage } from '../../../src/assistants/objects/count-message.ts';
import { messageIn } from '../../../src/assistants/store/parse-record.ts';
import { threadPartition } from '../../../src/assistants/store/records.ts';
import { createTokenCounter } from '../../../src/openai/count-tokens.ts';
import { acme, serveObjects } from './serve-objects.ts';

test('the tokens of a message are kept with it, exactly', async () => {
  const { call, store } = serveObjects();
  const { id: threadId } = await call('threads.create');
  const tokensOf = async (content: unknown) => {
    const { id } = await call('threads.messages.create', {
      ids: [threadId],
      body: { role: 'user', content },
    });
    const [document] = await store.get(threadPartition(acme.org, threadId), [id]);
    return messageIn(document)?.tokens;
  };
  const image = { file_id: 'file-1' };
  assert.equal(await tokensOf('Hello world'), 2);
  assert.equal(await tokensOf(''), 0);
  assert.equal(await tokensOf('word '.repeat(1000)), 1001);
  assert.equal(
    await tokensOf([
      { type: 'text', text: 'Hello world' },
      { type: 'image_file', image_file: { ...image, detail: 'low' } },
      { type: 'image_file', image_file: image },
    ]),
    2 + 85 + 1105,
  );
});

test('a counter that is gone costs a message its exact count, and nothing else', async () => {
  const counter = createTokenCounter();
  const counting = countMessage(counter, [
    { type: 'text', text: { value: 'x'.repeat(300), annotations: [] } },
  ]);
  await counter.close();
  assert.equal(await counting, 100);
});

test('a short message does not wait for its count once the counter is warm', async (t) => {
  const { call, parts } = serveObjects();
  await parts.counter.count([''], 'gpt-4o');
  const { id } = await call('threads.create');
  const body = { role: 'user', content: 'What is the weather in Rome today? '.repeat(20) };
  const tookMs: number[] = [];
  for (let made = 0; made < 50; made++) {
    const startedAtMs = performance.now();
    await call('threads.messages.create', { ids: [id], body });
    tookMs.push(performance.now() - startedAtMs);
  }
  const median = tookMs.toSorted((a, b) => a - b)[25]!;
  t.diagnostic(`median ${median.toFixed(2)} ms`);
  // Loose, for busy machines; it measures a tenth of this.
  assert.ok(median < 5, `${median} ms`);
});
