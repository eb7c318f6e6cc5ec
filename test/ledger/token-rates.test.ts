import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chat, startGoverned } from '../harness/governed.ts';

test('a token rate denies no call whose counted input fits, however long its text is', async (t) => {
  const { post } = await startGoverned(t, {
    config: 'limits: [{ name: slow, tokens: { rate: 1, per: hour, burst: 3000 } }]',
  });
  assert.equal((await post('/chat/completions', chat(5))).status, 200);
  // About 1,000 tokens of input, in 5,000 bytes.
  const messages = [{ role: 'user', content: `${'word '.repeat(1000)} [[words:5]]` }];
  assert.equal((await post('/chat/completions', chat(5, { messages }))).status, 200);
});
