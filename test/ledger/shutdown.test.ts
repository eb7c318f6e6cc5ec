import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readWindows } from '../../src/embedded/commands.ts';
import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { billedTokens, chat, startGoverned } from '../harness/governed.ts';

test('a stream that the end of the grace period cuts is charged what was seen of it, and holds nothing', async (t) => {
  const stateDir = temporaryDirectory(t);
  const { sidecar, standIn, post } = await startGoverned(t, {
    config: 'budgets: [{ name: month, limit: { tokens: 100000 }, window: { every: month } }]',
    env: { ASSISTANT_PROXY_SHUTDOWN_GRACE_PERIOD_MS: '100', ASSISTANT_PROXY_STORE_STATE_DIR: stateDir },
    standIn: { chunkDelayMs: 10 },
  });
  const answer = await post('/chat/completions', chat(2000, { stream: true, max_completion_tokens: 5000 }));
  const reader = answer.body!.getReader();
  await reader.read();
  const [isWhole] = await Promise.all([sidecar.shutDown(), reader.closed.catch(() => {})]);
  assert.equal(isWhole, false);
  const [window] = readWindows(stateDir, 'default', Date.now());
  assert.equal(window?.held.tokens, 0);
  assert.ok(window.used.tokens >= billedTokens(standIn));
  assert.ok(window.used.tokens < 2000, `${window.used.tokens} tokens are charged`);
});
