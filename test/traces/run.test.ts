import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AssistantStreamEvent } from 'openai/resources/beta/assistants';

import { outputsFor, weatherTool } from '../assistants/compared/applications.ts';
import type { ReceivedSpan } from './received-spans.ts';
import { callersSpanId, callersTrace, childrenOf, spanThat, startTraced } from './traced.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const otherTraceId = '11111111111111112222222222222222';

test('a streamed run with a tool call and a retry is one trace, from its application to its upstream', async (t) => {
  const { client, standIn, collector, sidecar } = await startTraced(t, {
    config: `
      identity: { org: acme, team: [search] }
      budgets: [{ name: org-day, limit: { tokens: 1000000 }, window: { every: day } }]
      retry: { baseMs: 20 }
    `,
  });
  const headers = { ...callersTrace(traceId), tracestate: 'vendor=opaque' };
  const assistant = await client.beta.assistants.create({ model: 'gpt-4o', tools: [weatherTool] });
  const thread = await client.beta.threads.create({
    messages: [{ role: 'user', content: 'What is it like? [[tool:get_weather {"city":"Rome"}]]' }],
  });
  standIn.fail({ kind: 'status', status: 503, retryAfterMs: 30, operationPath: /\/responses$/ });
  const asked = await last(
    await client.beta.threads.runs.create(
      thread.id,
      { assistant_id: assistant.id, stream: true },
      { headers },
    ),
  );
  assert.ok(asked.event === 'thread.run.requires_action');
  const run = asked.data;
  await client.beta.threads.runs.retrieve(
    run.id,
    { thread_id: thread.id },
    { headers: callersTrace(otherTraceId) },
  );
  const ended = await last(
    await client.beta.threads.runs.submitToolOutputs(
      run.id,
      { thread_id: thread.id, tool_outputs: outputsFor(run), stream: true },
      { headers: callersTrace(otherTraceId) },
    ),
  );
  assert.ok(ended.event === 'thread.run.completed');
  await sidecar.shutDown();

  const created = await spanThat(collector, named('POST /threads/{thread_id}/runs'));
  assert.deepEqual(
    { traceId: created.traceId, parent: created.parentSpanId, kind: created.kind, isError: created.isError },
    { traceId, parent: callersSpanId, kind: 'server', isError: false },
  );
  assertAttributes(created, {
    'http.request.method': 'POST',
    'http.route': '/threads/{thread_id}/runs',
    'http.response.status_code': 200,
    'gen_ai.conversation.id': thread.id,
    'assistant_proxy.org': 'acme',
    'assistant_proxy.team': 'search',
    'assistant_proxy.operation': 'threads.runs.create',
    'assistant_proxy.ending': 'complete',
  });
  assertAttributes({ attributes: created.resource }, { 'service.name': 'assistant-proxy' });

  const [runSpan, ...noOther] = childrenOf(collector, created, /^invoke_agent$/);
  assert.deepEqual(noOther, []);
  assert.equal(runSpan?.name, 'invoke_agent');
  assertAttributes(runSpan, {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.id': assistant.id,
    'gen_ai.conversation.id': thread.id,
    'gen_ai.request.model': 'gpt-4o',
    'assistant_proxy.run.id': run.id,
    'assistant_proxy.run.status': 'requires_action',
  });

  const [firstCall] = childrenOf(collector, runSpan, /^model call$/);
  assert.ok(firstCall);
  const [failed, answered, ...noThird] = childrenOf(collector, firstCall, /^chat gpt-4o$/);
  assert.deepEqual(noThird, []);
  assert.ok(failed && answered);
  assertAttributes(failed, { 'http.response.status_code': 503, 'error.type': '503' });
  assert.deepEqual([failed.kind, failed.isError], ['client', true]);
  const [pause] = childrenOf(collector, firstCall, /^retry pause$/);
  assert.ok(pause && pause.durationMs >= 1, 'the pause before the retry is told');
  const [billedFirst, billedSecond] = standIn.requests.flatMap(({ usage }) => (usage ? [usage] : []));
  assertAttributes(answered, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.usage.input_tokens': billedFirst?.inputTokens,
    'gen_ai.usage.output_tokens': billedFirst?.outputTokens,
    'http.request.resend_count': 1,
    'http.response.status_code': 200,
    'openai.api.type': 'responses',
    'server.address': '127.0.0.1',
    'server.port': standIn.port,
    'assistant_proxy.upstream': 'primary',
  });
  assert.match(String(answered.attributes['gen_ai.response.model']), /^gpt-4o/);
  assert.match(String(answered.attributes['gen_ai.response.id']), /^resp_/);
  assert.deepEqual([answered.kind, answered.isError], ['client', false]);

  const polled = await spanThat(collector, named('GET /threads/{thread_id}/runs/{run_id}'));
  const submitted = await spanThat(
    collector,
    named('POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs'),
  );
  const ofRun = { traceId, spanId: runSpan.spanId };
  for (const about of [polled, submitted]) {
    assert.equal(about.traceId, otherTraceId, about.name);
    assert.deepEqual(about.links, [ofRun], about.name);
  }
  const [continued] = childrenOf(collector, runSpan, /^continue run$/);
  assert.deepEqual(continued?.links, [{ traceId: otherTraceId, spanId: submitted.spanId }]);
  assert.equal(continued.traceId, traceId);
  assertAttributes(continued, {
    'assistant_proxy.run.status': 'completed',
    'assistant_proxy.run.input_tokens': ended.data.usage?.prompt_tokens,
    'assistant_proxy.run.output_tokens': ended.data.usage?.completion_tokens,
  });
  const [secondCall] = childrenOf(collector, continued, /^model call$/);
  const [second] = childrenOf(collector, secondCall!, /^chat gpt-4o$/);
  assertAttributes(second!, {
    'gen_ai.usage.input_tokens': billedSecond?.inputTokens,
    'gen_ai.usage.output_tokens': billedSecond?.outputTokens,
  });

  const sent = standIn.requests.filter(({ path }) => path === '/v1/responses');
  assert.deepEqual(
    sent.map((request) => [request.headers['traceparent'], request.headers['tracestate']]),
    [failed, answered, second!].map(({ spanId }) => [`00-${traceId}-${spanId}-01`, 'vendor=opaque']),
  );
  assert.ok(!collector.spans.some((span) => JSON.stringify(span).includes('Rome')), 'no content');
});

async function last(stream: AsyncIterable<AssistantStreamEvent>): Promise<AssistantStreamEvent> {
  let event: AssistantStreamEvent | undefined;
  for await (event of stream);
  return event!;
}

function named(name: string) {
  return (span: ReceivedSpan) => span.name === name;
}

function assertAttributes(
  { attributes }: Pick<ReceivedSpan, 'attributes'>,
  expected: Record<string, unknown>,
): void {
  const found = Object.keys(expected).map((name) => [name, attributes[name]]);
  assert.deepEqual(Object.fromEntries(found), expected);
}
