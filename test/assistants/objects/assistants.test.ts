import assert from 'node:assert/strict';
import { test } from 'node:test';

import { acme, nowSeconds, serveObjects } from './serve-objects.ts';

test('an assistant of a model alone has the defaults of the API', async () => {
  const { call } = serveObjects();
  const assistant = await call('assistants.create', { body: { model: 'gpt-4o' } });
  assert.match(assistant.id, /^asst_[A-Za-z0-9]{24}$/);
  const expected = {
    id: assistant.id,
    object: 'assistant',
    created_at: nowSeconds,
    name: null,
    description: null,
    model: 'gpt-4o',
    instructions: null,
    tools: [],
    top_p: 1,
    temperature: 1,
    tool_resources: {},
    metadata: {},
    response_format: 'auto',
  };
  assert.deepEqual(assistant, expected);
  assert.deepEqual(await call('assistants.retrieve', { ids: [assistant.id] }), expected);
});

test('an assistant is answered as it was described', async () => {
  const { call } = serveObjects();
  const body = {
    name: 'Bo',
    description: 'A bot',
    model: 'gpt-5',
    instructions: 'Be brief.',
    tools: [
      { type: 'code_interpreter' },
      { type: 'file_search', file_search: { max_num_results: 5, ranking_options: { score_threshold: 0.5 } } },
      {
        type: 'function',
        function: { name: 'f', parameters: { type: 'object', default: null }, strict: null },
      },
    ],
    top_p: 0,
    temperature: 0,
    tool_resources: {
      code_interpreter: { file_ids: ['file-1'] },
      file_search: { vector_store_ids: ['vs_1'] },
    },
    metadata: { user: 'u1' },
    response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' } } },
    reasoning_effort: 'low',
  };
  const { id, object, created_at, ...described } = await call('assistants.create', { body });
  assert.deepEqual(described, body);
  assert.deepEqual([object, created_at, typeof id], ['assistant', nowSeconds, 'string']);
});

test('an update changes what it names, and null says nothing, or the default again', async () => {
  const { call } = serveObjects();
  const body = {
    model: 'gpt-4o',
    name: 'Bo',
    temperature: 0.5,
    metadata: { a: '1', b: '2' },
    reasoning_effort: 'low',
    tool_resources: { code_interpreter: { file_ids: ['file-1'] } },
  };
  const before = await call('assistants.create', { body });
  const update = (changes: object) => call('assistants.update', { ids: [before.id], body: changes });
  assert.deepEqual(await update({}), before);
  const tool_resources = { file_search: { vector_store_ids: ['vs_1'] } };
  assert.deepEqual(await update({ metadata: { c: '3' }, tool_resources }), {
    ...before,
    metadata: { c: '3' },
    tool_resources: { code_interpreter: { file_ids: ['file-1'] }, ...tool_resources },
  });
  const nothing = { name: null, temperature: null, metadata: null, reasoning_effort: null, tools: null };
  const emptied = await update({ ...nothing, model: null, tool_resources: null });
  const { reasoning_effort: _, ...rest } = before;
  assert.deepEqual(emptied, {
    ...rest,
    name: null,
    temperature: 1,
    metadata: {},
    tool_resources: { ...body.tool_resources, ...tool_resources },
  });
  assert.deepEqual(await call('assistants.retrieve', { ids: [before.id] }), emptied);
});

test('assistants are listed, the newest first, in pages', async () => {
  const { call, refusal } = serveObjects();
  const ids: string[] = [];
  for (let made = 0; made < 25; made++) {
    ids.unshift((await call('assistants.create', { body: { model: 'gpt-4o' } })).id);
  }
  const list = async (query: string) => {
    const page = await call('assistants.list', { query });
    assert.equal(page['first_id'], page.data[0]?.['id'] ?? null);
    assert.equal(page['last_id'], page.data.at(-1)?.['id'] ?? null);
    return [page.data.map(({ id }) => id), page['has_more']];
  };
  assert.deepEqual(await list(''), [ids.slice(0, 20), true]);
  assert.deepEqual(await list('limit=100'), [ids, false]);
  assert.deepEqual(await list('limit=2&order=asc'), [ids.toReversed().slice(0, 2), true]);
  assert.deepEqual(await list(`limit=2&after=${ids[3]}`), [ids.slice(4, 6), true]);
  assert.deepEqual(await list(`limit=2&before=${ids[3]}`), [ids.slice(1, 3), true]);
  assert.deepEqual(await list(`after=${ids[1]}&before=${ids[4]}`), [ids.slice(2, 4), false]);
  assert.deepEqual(await list(`after=${ids[24]}`), [[], false]);
  assert.deepEqual(await list('order=asc&after=&before='), [ids.toReversed().slice(0, 20), true]);
  assert.deepEqual(await refusal('assistants.list', { query: 'after=asst_x' }), [
    404,
    "No assistant found with id 'asst_x'.",
    null,
    null,
  ]);
  assert.deepEqual(await refusal('assistants.list', { query: `after=${ids[0]}&before=asst_y` }), [
    404,
    "No assistant found with id 'asst_y'.",
    null,
    null,
  ]);
});

test('a page is asked for in the bounds of the API', async () => {
  const { refusal } = serveObjects();
  const rows = [
    [
      'limit=0',
      "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
      'limit',
      'integer_below_min_value',
    ],
    [
      'limit=101',
      "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead.",
      'limit',
      'integer_above_max_value',
    ],
    [
      'limit=1.5',
      "Invalid type for 'limit': expected an integer, but got a string instead.",
      'limit',
      'invalid_type',
    ],
    [
      'limit=x',
      "Invalid type for 'limit': expected an integer, but got a string instead.",
      'limit',
      'invalid_type',
    ],
    ['order=up', "Invalid value: 'up'. Supported values are: 'asc' and 'desc'.", 'order', 'invalid_value'],
  ] as const;
  for (const [query, ...expected] of rows) {
    assert.deepEqual(await refusal('assistants.list', { query }), [400, ...expected]);
  }
});

test('a deleted assistant is gone, and so is one of another organisation', async () => {
  const { call, refusal } = serveObjects();
  const { id } = await call('assistants.create', { body: { model: 'gpt-4o' } });
  const gone = [404, `No assistant found with id '${id}'.`, null, null];
  const others = { ...acme, org: 'globex' };
  for (const operation of ['assistants.retrieve', 'assistants.update', 'assistants.delete']) {
    assert.deepEqual(await refusal(operation, { ids: [id], identity: others }), gone);
  }
  assert.deepEqual(await call('assistants.delete', { ids: [id] }), {
    id,
    object: 'assistant.deleted',
    deleted: true,
  });
  for (const operation of ['assistants.retrieve', 'assistants.update', 'assistants.delete']) {
    assert.deepEqual(await refusal(operation, { ids: [id] }), gone);
  }
  assert.deepEqual((await call('assistants.list')).data, []);
});
