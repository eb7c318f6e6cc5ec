import assert from 'node:assert/strict';
import { test } from 'node:test';

import { acme, type AnswerUpstream, newVectorStores, serveObjects } from './serve-objects.ts';

const hello = { role: 'user', content: 'Hello' };
const sevenDays = { anchor: 'last_active_at', days: 7 };

function attached(fileId: string, ...tools: string[]) {
  return { ...hello, attachments: [{ file_id: fileId, tools: tools.map((type) => ({ type })) }] };
}

test('a vector store that is described is created upstream, for a thread with an end', async () => {
  const { call, asked } = serveObjects();
  const described = {
    file_ids: ['file-1', 'file-2'],
    metadata: { a: 'b' },
    chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 50 } },
  };
  const tool_resources = {
    file_search: { vector_stores: [described] },
    code_interpreter: { file_ids: ['file-3'] },
  };
  const assistant = await call('assistants.create', { body: { model: 'gpt-4o', tool_resources } });
  const thread = await call('threads.create', { body: { tool_resources } });
  assert.deepEqual(assistant['tool_resources'], {
    code_interpreter: { file_ids: ['file-3'] },
    file_search: { vector_store_ids: ['vs_1'] },
  });
  assert.deepEqual(thread['tool_resources'], {
    code_interpreter: { file_ids: ['file-3'] },
    file_search: { vector_store_ids: ['vs_2'] },
  });
  const path = '/vector_stores';
  assert.deepEqual(asked, [
    { method: 'POST', path, body: described, identity: acme },
    { method: 'POST', path, body: { ...described, expires_after: sevenDays }, identity: acme },
  ]);
});

test('files of messages join the vector store of their thread, which comes with the first of them', async () => {
  const { call, asked } = serveObjects();
  const { id } = await call('threads.create', { body: { messages: [attached('file-1', 'file_search')] } });
  const resourcesOf = async () => (await call('threads.retrieve', { ids: [id] }))['tool_resources'];
  const file_search = { vector_store_ids: ['vs_1'] };
  assert.deepEqual(await resourcesOf(), { file_search });
  const message = attached('file-2', 'file_search', 'code_interpreter');
  const created = await call('threads.messages.create', { ids: [id], body: message });
  assert.deepEqual(created['attachments'], message.attachments);
  assert.deepEqual(await resourcesOf(), { file_search, code_interpreter: { file_ids: ['file-2'] } });
  await call('threads.messages.create', { ids: [id], body: attached('file-2', 'code_interpreter') });
  assert.deepEqual(await resourcesOf(), { file_search, code_interpreter: { file_ids: ['file-2'] } });
  assert.deepEqual(
    asked.map(({ path, body }) => [path, body]),
    [
      ['/vector_stores', { file_ids: ['file-1'], expires_after: sevenDays }],
      ['/vector_stores/vs_1/files', { file_id: 'file-2' }],
    ],
  );
});

test('a first message with a file for file_search brings its thread a vector store', async () => {
  const { call } = serveObjects();
  const { id } = await call('threads.create');
  await call('threads.messages.create', { ids: [id], body: attached('file-1', 'file_search') });
  assert.deepEqual((await call('threads.retrieve', { ids: [id] }))['tool_resources'], {
    file_search: { vector_store_ids: ['vs_1'] },
  });
});

const refusals: readonly [string, AnswerUpstream, readonly unknown[]][] = [
  [
    'a file that is not there',
    () => ({
      status: 404,
      value: { error: { message: 'No such File object: file-1', param: 'id', code: null } },
    }),
    [404, 'No such File object: file-1', 'id', null],
  ],
  [
    'a bad parameter',
    () => ({ status: 400, value: { error: { message: 'Bad file.', param: null, code: 'x' } } }),
    [400, 'Bad file.', null, 'invalid_value'],
  ],
  [
    'too many calls',
    () => ({ status: 429, value: { error: { message: 'Slow down.' } } }),
    [429, 'Slow down.', null, 'rate_limit_exceeded'],
  ],
  [
    'a failure',
    () => ({ status: 500, value: { error: { message: 'Oops.' } } }),
    [502, 'Oops.', null, 'upstream_unreachable'],
  ],
  [
    'garbage',
    () => ({ status: 200, value: { id: 7 } }),
    [
      502,
      'The upstream could not be reached, or broke off before it answered.',
      null,
      'upstream_unreachable',
    ],
  ],
];

for (const [what, answer, expected] of refusals) {
  test(`nothing is kept when the upstream answers ${what}`, async () => {
    let isGood = true;
    const good = newVectorStores();
    const { call, refusal } = serveObjects({ answer: (asked) => (isGood ? good(asked) : answer(asked)) });
    const { id } = await call('threads.create');
    isGood = false;
    const tool_resources = { file_search: { vector_stores: [{ file_ids: ['file-1'] }] } };
    const body = { model: 'gpt-4o', tool_resources };
    assert.deepEqual(await refusal('assistants.create', { body }), expected);
    assert.deepEqual(await refusal('threads.create', { body: { tool_resources } }), expected);
    const message = attached('file-1', 'file_search');
    assert.deepEqual(await refusal('threads.messages.create', { ids: [id], body: message }), expected);
    assert.deepEqual((await call('assistants.list')).data, []);
    assert.deepEqual((await call('threads.messages.list', { ids: [id] })).data, []);
    assert.deepEqual((await call('threads.retrieve', { ids: [id] }))['tool_resources'], {});
  });
}

test('a name of a vector store that would lead elsewhere upstream is not asked for', async () => {
  const { call, refusal, asked } = serveObjects();
  const tool_resources = { file_search: { vector_store_ids: ['..'] } };
  const { id } = await call('threads.create', { body: { tool_resources } });
  const body = attached('file-1', 'file_search');
  const [status, , , code] = await refusal('threads.messages.create', { ids: [id], body });
  assert.deepEqual([status, code, asked], [400, 'malformed_path', []]);
});
