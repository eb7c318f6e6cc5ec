import assert from 'node:assert/strict';
import { test } from 'node:test';

import type Type from 'typebox';

import { assistantParams, assistantUpdateParams } from '../../../src/assistants/params/assistant-params.ts';
import { messageParams, messageUpdateParams } from '../../../src/assistants/params/message-params.ts';
import {
  runParams,
  runUpdateParams,
  threadAndRunParams,
  toolOutputsParams,
} from '../../../src/assistants/params/run-params.ts';
import { threadParams, threadUpdateParams } from '../../../src/assistants/params/thread-params.ts';
import { refusalOf } from './refusal-of.ts';

const text = (length: number) => 'x'.repeat(length);
const list = (length: number, item: unknown) => Array.from({ length }, () => item);
const pairs = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, '']));
const tool = { type: 'code_interpreter' };
const named = (name: string) => [{ type: 'function', function: { name } }];
const search = (file_search: object) => [{ type: 'file_search', file_search }];
const ranked = (score_threshold: number) => search({ ranking_options: { score_threshold } });
const codeFiles = (count: number) => ({ code_interpreter: { file_ids: list(count, 'file-1') } });
const stores = (count: number) => ({ file_search: { vector_store_ids: list(count, 'vs_1') } });
const newStores = (count: number) => ({ file_search: { vector_stores: list(count, {}) } });
const chunks = (max_chunk_size_tokens: number) => ({
  file_search: {
    vector_stores: [
      { chunking_strategy: { type: 'static', static: { max_chunk_size_tokens, chunk_overlap_tokens: 0 } } },
    ],
  },
});
const keeps = (last_messages: number) => ({ type: 'last_messages', last_messages });

type Row = readonly [at: string, atBound: unknown, beyond: unknown, code: string, param?: string];

const both: readonly Row[] = [
  ['temperature', 0, -0.1, 'decimal_below_min_value'],
  ['temperature', 2, 2.1, 'decimal_above_max_value'],
  ['top_p', 0, -0.1, 'decimal_below_min_value'],
  ['top_p', 1, 1.1, 'decimal_above_max_value'],
  ['instructions', text(256_000), text(256_001), 'string_above_max_length'],
  ['metadata', pairs(16), pairs(17), 'object_above_max_properties'],
  ['metadata', { a: text(512) }, { a: text(513) }, 'string_above_max_length', 'metadata.a'],
  ['metadata', { [text(64)]: '' }, { [text(65)]: '' }, 'string_above_max_length', `metadata.${text(64)}...`],
  ['metadata', { a: '' }, { a: 1 }, 'invalid_type', 'metadata.a'],
  ['metadata', {}, [], 'invalid_type'],
  ['tools', named(text(64)), named(text(65)), 'string_above_max_length', 'tools[0].function.name'],
  ['tools', named('aZ_-9'), named('a.b'), 'invalid_value', 'tools[0].function.name'],
  [
    'tools',
    search({ max_num_results: 1 }),
    search({ max_num_results: 0 }),
    'integer_below_min_value',
    'tools[0].file_search.max_num_results',
  ],
  [
    'tools',
    search({ max_num_results: 50 }),
    search({ max_num_results: 51 }),
    'integer_above_max_value',
    'tools[0].file_search.max_num_results',
  ],
  [
    'tools',
    ranked(0),
    ranked(-1),
    'decimal_below_min_value',
    'tools[0].file_search.ranking_options.score_threshold',
  ],
  [
    'tools',
    ranked(1),
    ranked(2),
    'decimal_above_max_value',
    'tools[0].file_search.ranking_options.score_threshold',
  ],
  [
    'tool_resources',
    codeFiles(20),
    codeFiles(21),
    'array_above_max_length',
    'tool_resources.code_interpreter.file_ids',
  ],
  [
    'tool_resources',
    stores(1),
    stores(2),
    'array_above_max_length',
    'tool_resources.file_search.vector_store_ids',
  ],
  ['response_format', { type: 'text' }, { type: 'xml' }, 'invalid_value', 'response_format.type'],
  ['response_format', 'auto', 'text', 'invalid_value'],
];

const ofAssistants: readonly Row[] = [
  ...both,
  ['name', text(256), text(257), 'string_above_max_length'],
  // Characters count, not UTF-16 units.
  ['name', '😀'.repeat(256), '😀'.repeat(257), 'string_above_max_length'],
  ['description', text(512), text(513), 'string_above_max_length'],
  ['tools', list(128, tool), list(129, tool), 'array_above_max_length'],
];

const ofNew: readonly Row[] = [
  [
    'tool_resources',
    newStores(1),
    newStores(2),
    'array_above_max_length',
    'tool_resources.file_search.vector_stores',
  ],
  [
    'tool_resources',
    chunks(100),
    chunks(99),
    'integer_below_min_value',
    'tool_resources.file_search.vector_stores[0].chunking_strategy.static.max_chunk_size_tokens',
  ],
  [
    'tool_resources',
    chunks(4096),
    chunks(4097),
    'integer_above_max_value',
    'tool_resources.file_search.vector_stores[0].chunking_strategy.static.max_chunk_size_tokens',
  ],
];

const ofRuns: readonly Row[] = [
  ...both.filter(([at]) => at !== 'tool_resources'),
  ['tools', list(20, tool), list(21, tool), 'array_above_max_length'],
  ['max_prompt_tokens', 256, 255, 'integer_below_min_value'],
  ['max_completion_tokens', 256, 255, 'integer_below_min_value'],
  ['max_completion_tokens', 2 ** 53 - 1, 1e300, 'integer_above_max_value'],
  ['max_prompt_tokens', 300, 300.5, 'invalid_type'],
  ['truncation_strategy', keeps(1), keeps(0), 'integer_below_min_value', 'truncation_strategy.last_messages'],
  ['truncation_strategy', { type: 'auto' }, { type: 'none' }, 'invalid_value', 'truncation_strategy.type'],
  ['tool_choice', 'required', 'always', 'invalid_value'],
  ['tool_choice', { type: 'file_search' }, { type: 'web_search' }, 'invalid_value', 'tool_choice.type'],
  ['parallel_tool_calls', false, 'false', 'invalid_type'],
  ['stream', true, 1, 'invalid_type'],
];

const hi = { role: 'user', content: 'Hi' };
const part = (type: string) => [{ type, text: 'Hi' }];
const image = (detail: string) => [{ type: 'image_file', image_file: { file_id: 'file-1', detail } }];

const ofMessages: readonly Row[] = [
  ['role', 'assistant', 'system', 'invalid_value'],
  ['content', 'Hi', 7, 'invalid_type'],
  ['content', part('text'), [], 'invalid_value'],
  ['content', part('text'), part('sound'), 'invalid_value', 'content[0].type'],
  ['content', image('high'), image('best'), 'invalid_value', 'content[0].image_file.detail'],
  [
    'attachments',
    [{ file_id: 'file-1', tools: [tool] }],
    [{ file_id: 7 }],
    'invalid_type',
    'attachments[0].file_id',
  ],
  [
    'attachments',
    [{ tools: [tool] }],
    [{ tools: [{ type: 'function' }] }],
    'invalid_value',
    'attachments[0].tools[0].type',
  ],
  ['metadata', pairs(16), pairs(17), 'object_above_max_properties'],
];

const ofThreads: readonly Row[] = [
  ['messages', [hi], [{ ...hi, role: 'x' }], 'invalid_value', 'messages[0].role'],
  ['metadata', pairs(16), pairs(17), 'object_above_max_properties'],
  [
    'tool_resources',
    codeFiles(20),
    codeFiles(21),
    'array_above_max_length',
    'tool_resources.code_interpreter.file_ids',
  ],
];

const outputs = (output: unknown) => [{ tool_call_id: 'call_1', output }];
const metadataAlone: readonly Row[] = [['metadata', pairs(16), pairs(17), 'object_above_max_properties']];

const bodies: readonly [string, Type.TSchema, base: object, rows: readonly Row[]][] = [
  ['a new assistant', assistantParams, { model: 'gpt-4o' }, [...ofAssistants, ...ofNew]],
  ['a change of an assistant', assistantUpdateParams, {}, ofAssistants],
  ['a new thread', threadParams, {}, [...ofThreads, ...ofNew]],
  ['a change of a thread', threadUpdateParams, {}, ofThreads.slice(1)],
  ['a new message', messageParams, hi, ofMessages],
  ['a change of a message', messageUpdateParams, {}, metadataAlone],
  [
    'a new run',
    runParams,
    { assistant_id: 'asst_1' },
    [
      ...ofRuns,
      [
        'additional_messages',
        [hi],
        [{ role: 'user' }],
        'missing_required_parameter',
        'additional_messages[0].content',
      ],
    ],
  ],
  [
    'a new thread and run',
    threadAndRunParams,
    { assistant_id: 'asst_1' },
    [...ofRuns, ['thread', { messages: [hi] }, { messages: hi }, 'invalid_type', 'thread.messages']],
  ],
  ['a change of a run', runUpdateParams, {}, metadataAlone],
  [
    'tool outputs',
    toolOutputsParams,
    { tool_outputs: [] },
    [['tool_outputs', outputs('x'), outputs({}), 'invalid_type', 'tool_outputs[0].output']],
  ],
];

for (const [name, schema, base, rows] of bodies) {
  test(`every limit of ${name} holds at the bound and one beyond`, () => {
    assert.equal(refusalOf(schema, base), undefined);
    for (const [at, atBound, beyond, code, param = at] of rows) {
      assert.equal(refusalOf(schema, { ...base, [at]: atBound }), undefined, `${at} at its bound`);
      const refused = refusalOf(schema, { ...base, [at]: beyond });
      assert.deepEqual([refused?.code, refused?.param], [code, param], `${at}: ${refused?.message}`);
    }
    const unknown = refusalOf(schema, { ...base, file_ids: [] });
    assert.deepEqual(unknown, {
      code: 'unknown_parameter',
      param: 'file_ids',
      message: "Unknown parameter: 'file_ids'.",
    });
  });
}

test('what must be there is missed, also when it is null', () => {
  const rows: readonly [Type.TSchema, object, string][] = [
    [assistantParams, {}, 'model'],
    [messageParams, { content: 'x' }, 'role'],
    [messageParams, { role: 'user' }, 'content'],
    [runParams, {}, 'assistant_id'],
    [threadAndRunParams, {}, 'assistant_id'],
    [toolOutputsParams, {}, 'tool_outputs'],
    [toolOutputsParams, { tool_outputs: [{ output: 'x' }] }, 'tool_outputs[0].tool_call_id'],
    [assistantParams, { model: 'x', tools: [{ type: 'function' }] }, 'tools[0].function'],
    [assistantParams, { model: 'x', tools: [{}] }, 'tools[0].type'],
    [
      assistantParams,
      { model: 'x', response_format: { type: 'json_schema' } },
      'response_format.json_schema',
    ],
  ];
  for (const [schema, body, param] of rows) {
    const message = `Missing required parameter: '${param}'.`;
    const expected = { code: 'missing_required_parameter', param, message };
    assert.deepEqual(refusalOf(schema, body), expected);
    if (!param.includes('.')) assert.deepEqual(refusalOf(schema, { ...body, [param]: null }), expected);
  }
  assert.equal(refusalOf(assistantParams, undefined)?.param, 'model');
});
