import assert from 'node:assert/strict';
import { test } from 'node:test';

import { created } from '../models/response-fixtures.ts';
import { bytesOf } from './answers.ts';
import { troubledRun } from './troubled-run.ts';

const mebibyte = 1024 * 1024;

test('garbage that never ends is not kept', async (t) => {
  const garbage = Buffer.from(`data: ${'x'.repeat(mebibyte)}\n\nevent: ${'y'.repeat(20_000)}\n\n`);
  let sentBytes = 0;
  const before = usedBytes();
  const samples: number[] = [];
  const { run } = await troubledRun(
    t,
    [
      (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(bytesOf(created));
        const pour = () => {
          while (!response.destroyed) {
            sentBytes += garbage.length;
            samples.push(usedBytes());
            if (!response.write(garbage)) return;
          }
        };
        response.on('drain', pour);
        pour();
      },
    ],
    { env: { ASSISTANT_PROXY_ASSISTANTS_EXPIRE_AFTER_SECONDS: '5' } },
  );
  assert.equal(run.status, 'expired');
  assert.ok(sentBytes > 150 * mebibyte, `only ${sentBytes} bytes`);
  // What waits for the garbage collector is gone again at the lowest point.
  const kept = Math.min(...samples.slice(samples.length / 2)) - before;
  assert.ok(kept < 50 * mebibyte, `${Math.round(kept / mebibyte)} MiB more`);
});

test('a text that never ends ends the run, long before it expires', async (t) => {
  const delta = { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, content_index: 0 };
  const text = bytesOf({ ...delta, delta: 'word '.repeat(10_000) });
  const { run } = await troubledRun(t, [
    (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(bytesOf(created));
      const pour = () => {
        while (!response.destroyed) if (!response.write(text)) return;
      };
      response.on('drain', pour);
      pour();
    },
  ]);
  assert.equal(run.status, 'failed');
  assert.match(run.last_error!.message, /more than 4194304 characters/);
});

/** What this process holds, its own upstream included; what the allocator keeps for later aside. */
function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
