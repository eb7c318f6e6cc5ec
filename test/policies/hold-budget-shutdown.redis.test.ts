import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { budgetRow, heldRow } from '../harness/budget-rows.ts';
import { writeConfig } from '../harness/config-file.ts';
import { billedTokens, chat, postJson } from '../harness/governed.ts';
import { spawnSidecar } from '../harness/processes.ts';
import { startRedis, until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';

const month = { name: 'month' };
const slow = [{ role: 'user', content: 'Hi [[thinkMs:500]] [[words:20]]' }];

test('a SIGTERM while calls run: all are answered, and charged before the process has ended', async (t) => {
  const { spawned, standIn, observer } = await startSpawned(t);
  const calls = Array.from({ length: 12 }, (_, index) =>
    postJson(
      `${spawned.url}/chat/completions`,
      chat(20, { messages: slow, ...(index % 2 === 0 && { stream: true }) }),
    ),
  );
  await until(async () => standIn.requests.length === 12);
  spawned.signal('SIGTERM');
  for (const answer of await Promise.all(calls)) {
    assert.equal(answer.status, 200);
    await answer.text();
  }
  assert.equal(await spawned.exitCode, 0);
  const row = await budgetRow(await observer(), month);
  assert.deepEqual([row?.used, row?.held], [billedTokens(standIn), 0]);
});

for (const [what, path, body] of [
  [
    'a chat, whose output has yet to be counted',
    '/chat/completions',
    chat(500, { stream: true, max_completion_tokens: 1000 }),
  ],
  [
    'a response, whose usage has yet to be looked up',
    '/responses',
    { model: 'gpt-4o', input: 'Hi [[words:500]]', stream: true, max_output_tokens: 1000 },
  ],
] as const) {
  test(`a SIGTERM right after the caller left the stream of ${what}: it is charged, too`, async (t) => {
    const { spawned, standIn, observer } = await startSpawned(t);
    const leave = new AbortController();
    const answer = await postJson(`${spawned.url}${path}`, body, { signal: leave.signal });
    await answer.body!.getReader().read();
    const before = await heldRow(await observer(), month);
    leave.abort();
    await until(async () => standIn.requests[0]!.aborted === true);
    spawned.signal('SIGTERM');
    assert.equal(await spawned.exitCode, 0);
    const row = await budgetRow(await observer(), month);
    assert.equal(row?.held, 0);
    assert.ok(row.used >= billedTokens(standIn), `charged ${row.used}, billed ${billedTokens(standIn)}`);
    assert.ok(row.used < before.held / 2, 'not as if nobody knew');
  });
}

/** A sidecar in a process of its own, and others in this one that look at what it left in Redis. */
async function startSpawned(t: TestContext) {
  const redis = await startRedis(t);
  const standIn = await startStandIn({ chunkDelayMs: 10 });
  t.after(() => standIn.close());
  const config = `store: { redisUrl: "${redis.url}", timeoutMs: 2000, leaseMs: 3600000 }
budgets: [{ name: month, limit: { tokens: 10000000 }, window: { every: month } }]`;
  const env = { ASSISTANT_PROXY_CONFIG: writeConfig(t, config) };
  const spawned = await spawnSidecar(t, standIn.url, env);
  return { spawned, standIn, observer: () => startSidecar(t, { upstreamUrl: standIn.url, config }) };
}
