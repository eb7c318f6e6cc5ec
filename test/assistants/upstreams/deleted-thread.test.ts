import assert from 'node:assert/strict';
import { test } from 'node:test';

import { freeRow } from '../../harness/budget-rows.ts';
import { assistantsHeaders } from '../../harness/governed.ts';
import { until } from '../../harness/redis.ts';
import { startSidecar } from '../../harness/sidecar.ts';
import { startUpstream } from '../../harness/upstream.ts';
import { created } from '../models/response-fixtures.ts';
import { bytesOf } from './answers.ts';
import { post } from './troubled-run.ts';

test('a thread that is deleted in the middle of a run ends its model call', async (t) => {
  let isLeft = false;
  const upstream = await startUpstream(t, (request, response) => {
    if (request.method !== 'POST') return response.writeHead(404).end('{}');
    response.on('close', () => (isLeft = true));
    return response.writeHead(200, { 'content-type': 'text/event-stream' }).write(bytesOf(created));
  });
  const config = 'budgets: [{ name: day, limit: { tokens: 10000000 }, window: { every: day } }]';
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  const assistant = await post<{ id: string }>(sidecar, '/assistants', { model: 'gpt-4o' });
  const { thread_id: id } = await post<{ thread_id: string }>(sidecar, '/threads/runs', {
    assistant_id: assistant.id,
    thread: { messages: [{ role: 'user', content: 'Hello' }] },
  });
  await until(async () => sidecar.logLines().length > 0);
  const deleted = await fetch(`${sidecar.url}/threads/${id}`, {
    method: 'DELETE',
    headers: assistantsHeaders,
  });
  assert.equal(deleted.status, 200);
  await until(async () => isLeft, 5000);
  assert.equal((await freeRow(sidecar, { name: 'day' })).held, 0);
});
