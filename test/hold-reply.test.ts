import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Outcome, Reply, Sink } from '../src/exchange.ts';
import { holdWhole } from '../src/hold-reply.ts';

/** An answer of which everything is here at once, and which ended just now. */
function endedReply(): Reply {
  const finished = Promise.withResolvers<Outcome>();
  return {
    status: 200,
    headers: {},
    body(sink) {
      sink.write(Buffer.from('whole'));
      sink.end();
      finished.resolve({ ending: 'complete', bodyBytes: 5, endedAtMs: performance.now() });
      return { resume() {}, leave() {} };
    },
    finished: finished.promise,
  };
}

test('an answer that was held has ended when it was let go, and not when it had come', async () => {
  const { reply } = await holdWhole(endedReply(), 100);
  await sleep(50);
  const letGoAtMs = performance.now();
  let text = '';
  const caller: Sink = {
    write: (chunk) => ((text += Buffer.from(chunk).toString()), true),
    end() {},
    fail: (error) => assert.fail(error),
  };
  reply.body(caller);
  const { endedAtMs, ...outcome } = await reply.finished;
  assert.deepEqual({ ...outcome, text }, { ending: 'complete', bodyBytes: 5, text: 'whole' });
  assert.ok(endedAtMs! >= letGoAtMs, `${endedAtMs} before ${letGoAtMs}`);
});
