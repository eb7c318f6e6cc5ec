import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lists, threadPartition } from '../../../src/assistants/store/records.ts';
import { acme, type ServedObjects, serveObjects } from './serve-objects.ts';

const content = [{ type: 'text', text: 'Dragons sleep in caves.' }];
const result = { file_id: 'file-1', file_name: 'a.txt', score: 0.5 };

async function withSteps({ call, store }: ServedObjects): Promise<string> {
  const { id } = await call('threads.create');
  const stepOf = (stepId: string) => ({
    id: stepId,
    object: 'thread.run.step',
    run_id: 'run_1',
    step_details: {
      type: 'tool_calls',
      tool_calls: [{ id: 'call_1', type: 'file_search', file_search: { results: [{ ...result, content }] } }],
    },
  });
  await store.commit(threadPartition(acme.org, id), {
    puts: [
      ...['run_1', 'run_2'].map((runId) => ({ id: runId, body: JSON.stringify({ run: { id: runId } }) })),
      ...['step_1', 'step_2'].map((stepId) => ({
        id: stepId,
        body: JSON.stringify(stepOf(stepId)),
        lists: [lists.stepsOf('run_1')],
      })),
    ],
  });
  return id;
}

test('steps are read one by one and as a list', async () => {
  const served = serveObjects();
  const { call } = served;
  const threadId = await withSteps(served);
  const ids = [threadId, 'run_1'];
  const { data } = await call('threads.runs.steps.list', { ids, query: 'order=asc' });
  assert.deepEqual(
    data.map(({ id }) => id),
    ['step_1', 'step_2'],
  );
  assert.deepEqual(await call('threads.runs.steps.retrieve', { ids: [...ids, 'step_2'] }), data[1]);
  assert.deepEqual((await call('threads.runs.steps.list', { ids: [threadId, 'run_2'] })).data, []);
});

test('the text that was found is told to whoever asks for it', async () => {
  const served = serveObjects();
  const { call, refusal } = served;
  const ids = [await withSteps(served), 'run_1'];
  const found = async (query: string) => {
    const step = await call('threads.runs.steps.retrieve', { ids: [...ids, 'step_1'], query });
    const { data } = await call('threads.runs.steps.list', { ids, query: `${query}&order=asc` });
    assert.deepEqual(data[0], step);
    return (step['step_details'] as { tool_calls: { file_search: { results: unknown[] } }[] }).tool_calls[0]
      ?.file_search.results;
  };
  const name = 'step_details.tool_calls[*].file_search.results[*].content';
  assert.deepEqual(await found(''), [result]);
  assert.deepEqual(await found(`include[]=${name}`), [{ ...result, content }]);
  assert.deepEqual(await found(`include=${name}`), [{ ...result, content }]);
  const refused = await refusal('threads.runs.steps.list', { ids, query: 'include[]=everything' });
  assert.deepEqual(refused.slice(0, 2), [
    400,
    `Invalid value: 'everything'. Supported values are: '${name}'.`,
  ]);
});

test('what is missing is named, the outermost first', async () => {
  const served = serveObjects();
  const { refusal } = served;
  const threadId = await withSteps(served);
  const rows = [
    [['thread_x', 'run_1', 'step_1'], "No thread found with id 'thread_x'."],
    [[threadId, 'run_x', 'step_1'], "No run found with id 'run_x'."],
    [[threadId, 'step_1', 'step_1'], "No run found with id 'step_1'."],
    [[threadId, 'run_1', 'step_x'], "No run step found with id 'step_x'."],
    [[threadId, 'run_1', 'run_1'], "No run step found with id 'run_1'."],
    [[threadId, 'run_2', 'step_1'], "No run step found with id 'step_1'."],
  ] as const;
  for (const [ids, message] of rows) {
    const expected = [404, message, null, null];
    assert.deepEqual(await refusal('threads.runs.steps.retrieve', { ids }), expected);
    if (message.includes('step found')) continue;
    assert.deepEqual(await refusal('threads.runs.steps.list', { ids: ids.slice(0, 2) }), expected);
  }
  const query = 'after=step_x';
  assert.deepEqual(await refusal('threads.runs.steps.list', { ids: [threadId, 'run_1'], query }), [
    404,
    "No run step found with id 'step_x'.",
    null,
    null,
  ]);
});
