import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';

import { startRedis, until } from '../harness/redis.ts';
import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { startCollector } from './collector.ts';
import { callersTrace, childrenOf, spanThat } from './traced.ts';

const traceId = 'e'.repeat(32);
const otherTraceId = 'f'.repeat(32);

test('a run that another pod takes over stays in its trace, and polls at any pod are linked to it', async (t) => {
  const collector = await startCollector(t);
  const redis = await startRedis(t, { aof: true });
  const standIn = await startStandIn({ apiKey: upstreamKey });
  t.after(() => standIn.close());
  const env = {
    REDIS_URL: redis.url,
    ASSISTANT_PROXY_TELEMETRY_OTLP_ENDPOINT: collector.endpoint,
    ASSISTANT_PROXY_SHUTDOWN_GRACE_PERIOD_MS: '1',
  };
  const pod = () => startSidecar(t, { upstreamUrl: standIn.url, env });
  const [one, other] = [await pod(), await pod()];
  const clientOf = ({ url }: { url: string }) => new OpenAI({ baseURL: url, apiKey: 'any', maxRetries: 0 });
  const client = clientOf(one);
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o' });
  const thread = await client.beta.threads.create({
    messages: [{ role: 'user', content: '[[words:300]][[delayMs:50]]' }],
  });
  const run = await client.beta.threads.runs.create(
    thread.id,
    { assistant_id: assistant.id },
    { headers: callersTrace(traceId) },
  );
  await until(async () => standIn.requests.some(({ path }) => path === '/v1/responses'));
  await one.shutDown();
  const poll = () =>
    clientOf(other).beta.threads.runs.retrieve(
      run.id,
      { thread_id: thread.id },
      { headers: callersTrace(otherTraceId) },
    );
  await until(async () => ['completed', 'failed', 'incomplete'].includes((await poll()).status));
  await other.shutDown();

  const begun = await spanThat(collector, ({ name }) => name === 'invoke_agent');
  assert.equal(begun.traceId, traceId);
  assert.equal(begun.attributes['assistant_proxy.run.is_left'], true);
  const [continued] = childrenOf(collector, begun, /^continue run$/);
  assert.ok(continued);
  assert.equal(continued.traceId, traceId);
  assert.equal(continued.attributes['assistant_proxy.run.id'], run.id);
  assert.notEqual(continued.resource['service.instance.id'], begun.resource['service.instance.id']);
  const polls = collector.spans.filter(({ name }) => name === 'GET /threads/{thread_id}/runs/{run_id}');
  assert.ok(polls.length > 0);
  for (const { links, resource } of polls) {
    assert.deepEqual(links, [{ traceId, spanId: begun.spanId }]);
    assert.equal(resource['service.instance.id'], continued.resource['service.instance.id']);
  }
});
