import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Run } from '../../src/assistants/wire.ts';
import { weatherTool } from '../assistants/compared/applications.ts';
import { assistantsHeaders, billedTokens, startGoverned } from '../harness/governed.ts';
import { until } from '../harness/redis.ts';
import { enacted } from './enacted.ts';

const budget = 'budgets: [{ name: month, limit: { tokens: 1000000 }, window: { every: month } }]';

test('a run that waits for an application goes on by what the file says then', async (t) => {
  const { sidecar, standIn, post, settled } = await startGoverned(t, { config: '' });
  const read = async <Answer>(reply: Response) => (await reply.json()) as Answer;
  const create = async <Answer>(path: string, body: object) => read<Answer>(await post(path, body));
  const assistant = await create<{ id: string }>('/assistants', { model: 'gpt-4o', tools: [weatherTool] });
  const thread = await create<{ id: string }>('/threads', {
    messages: [
      { role: 'user', content: 'Mail ann@example.com the weather [[tool:get_weather {"city":"Rome"}]]' },
    ],
  });
  const at = `/threads/${thread.id}/runs`;
  const stateOf = async (id: string) =>
    read<Run>(await fetch(`${sidecar.url}${at}/${id}`, { headers: assistantsHeaders }));
  const { id } = await create<Run>(at, { assistant_id: assistant.id });
  await until(async () => (await stateOf(id)).status === 'requires_action');
  const billedBefore = billedTokens(standIn);
  await enacted(sidecar, `${budget}\nredaction: { mode: mask }\ndefaults: { maxCompletionTokens: 300 }`);
  const asked = (await stateOf(id)).required_action!.submit_tool_outputs.tool_calls;
  await create(`${at}/${id}/submit_tool_outputs`, {
    tool_outputs: asked.map((call) => ({ tool_call_id: call.id, output: 'sunny, says bob@example.com' })),
  });
  await until(async () => (await stateOf(id)).status === 'completed');
  const bodies = standIn.requests
    .filter(({ method }) => method === 'POST')
    .map(({ json }) => JSON.stringify(json));
  assert.match(bodies[0]!, /ann@example\.com/);
  assert.match(bodies.at(-1)!, /\[EMAIL\].*\[EMAIL\]/s);
  assert.doesNotMatch(bodies.at(-1)!, /@example/);
  const { used, held } = await settled('month');
  assert.deepEqual([used, held], [billedTokens(standIn) - billedBefore, 0]);
  const next = await create<Run>(at, { assistant_id: assistant.id });
  assert.equal(next.max_completion_tokens, 300);
});
