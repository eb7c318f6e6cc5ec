import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exemplarTraceIds } from '../harness/exemplars.ts';
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
  for (const name of ['assistant_proxy_request_duration_seconds', 'gen_ai_client_token_usage']) {
    assert.deepEqual(await exemplarTraceIds(sidecar, name), new Set([root.traceId]), name);
  }
});
