import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseExposition } from '../harness/parse-exposition.ts';
import { spanThat, startTraced } from './traced.ts';

test('the trace, the line of the log and the exemplar of a call have one id', async (t) => {
  const { sidecar, collector, client } = await startTraced(t);
  const stream = client.chat.completions.stream({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Hello' }],
  });
  await stream.finalChatCompletion();
  const root = await spanThat(collector, ({ kind }) => kind === 'server');
  const [line] = sidecar.logLines().filter(({ msg }) => msg === 'request');
  assert.equal(line?.['traceId'], root.traceId);
  const accept = 'application/openmetrics-text; version=1.0.0';
  const told = parseExposition(
    await (await fetch(`${sidecar.adminUrl}/metrics`, { headers: { accept } })).text(),
  );
  for (const name of ['assistant_proxy_request_duration_seconds', 'gen_ai_client_token_usage']) {
    const exemplars = (told.get(name)?.samples ?? []).flatMap(({ exemplar }) => (exemplar ? [exemplar] : []));
    assert.ok(exemplars.length > 0, name);
    for (const exemplar of exemplars) assert.deepEqual(exemplar, { trace_id: root.traceId });
  }
});
