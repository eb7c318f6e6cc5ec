import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chat, postJson } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';

for (const [mode, status] of [
  ['observe', 200],
  ['enforce', 503],
] as const) {
  test(`while the store is away, a budget in mode ${mode} answers ${status}`, async (t) => {
    const upstream = await startUpstream(t, (request, response) => {
      request.resume();
      answerJson(response, {});
    });
    const sidecar = await startSidecar(t, {
      upstreamUrl: upstream.url,
      // Nothing listens on the port of discarded packets.
      config: `
store: { redisUrl: "redis://127.0.0.1:9" }
budgets: [{ name: month, limit: { tokens: 10 }, window: { every: month }, mode: ${mode} }]`,
    });
    const answer = await postJson(`${sidecar.url}/chat/completions`, chat(1));
    await answer.text();
    assert.equal(answer.status, status);
  });
}
