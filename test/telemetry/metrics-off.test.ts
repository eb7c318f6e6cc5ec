import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chargedRow } from '../harness/budget-rows.ts';
import { chat, startGoverned } from '../harness/governed.ts';

test('with metrics off calls are served and charged as ever, and /metrics says why it has none', async (t) => {
  const { sidecar, post } = await startGoverned(t, {
    config: `
telemetry: { metrics: false }
redaction: { mode: mask }
budgets: [{ name: day, limit: { tokens: 100000 }, window: { every: day } }]
`,
  });
  assert.equal((await post('/chat/completions', chat(3))).status, 200);
  assert.ok((await chargedRow(sidecar, { name: 'day' })).used > 0);
  const answer = await fetch(`${sidecar.adminUrl}/metrics`);
  assert.equal(answer.status, 404);
  assert.match(await answer.text(), /telemetry\.metrics is false/);
});
