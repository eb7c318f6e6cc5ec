import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { InputTokenCountParams } from 'openai/resources/responses/input-tokens';
import type { ResponseCreateParamsStreaming } from 'openai/resources/responses/responses';

import { toInputRequest, toResponseRequest } from '../../../src/assistants/models/responses/request.ts';
import { functionTool, requestWith, say } from './calls.ts';

test('a plain request says what it must, and nothing that is the default anyway', () => {
  assert.deepEqual(toResponseRequest(requestWith({ metadata: { run_id: 'run_1' } }), 'keep'), {
    model: 'gpt-4o',
    input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }],
    truncation: 'auto',
    stream: true,
    store: true,
    metadata: { run_id: 'run_1' },
  });
});

test('caps, sampling, effort and format are passed on where they are set', () => {
  const schema = { type: 'object' };
  const body = toResponseRequest(
    requestWith({
      instructions: 'Be brief.',
      maxOutputTokens: 300,
      temperature: 0,
      topP: 0.5,
      reasoningEffort: 'low',
      responseFormat: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
      tools: [functionTool('f')],
      parallelToolCalls: false,
    }),
    'keep',
  );
  const { instructions, max_output_tokens, temperature, top_p, reasoning, text, parallel_tool_calls } = body;
  assert.deepEqual(
    { instructions, max_output_tokens, temperature, top_p, reasoning, text, parallel_tool_calls },
    {
      instructions: 'Be brief.',
      max_output_tokens: 300,
      temperature: 0,
      top_p: 0.5,
      reasoning: { effort: 'low' },
      text: { format: { type: 'json_schema', name: 'answer', schema, strict: true } },
      parallel_tool_calls: false,
    },
  );
});

test('messages show their text and pictures; annotations stay behind', () => {
  const annotation = {
    type: 'file_citation',
    text: '',
    start_index: 0,
    end_index: 0,
    file_citation: { file_id: 'file-1' },
  } as const;
  const { input } = toInputRequest(
    requestWith({
      turns: [
        {
          type: 'message',
          role: 'user',
          content: [
            { type: 'text', text: { value: 'Look', annotations: [] } },
            { type: 'image_url', image_url: { url: 'https://x.test/a.png' } },
            { type: 'image_file', image_file: { file_id: 'file-2', detail: 'low' } },
          ],
        },
        {
          type: 'message',
          role: 'assistant',
          content: [
            { type: 'text', text: { value: 'Nice', annotations: [annotation] } },
            { type: 'image_file', image_file: { file_id: 'file-3' } },
            { type: 'refusal', refusal: 'No' },
          ],
        },
      ],
    }),
    'keep',
  );
  assert.deepEqual(input, [
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'Look' },
        { type: 'input_image', image_url: 'https://x.test/a.png', detail: 'auto' },
        { type: 'input_image', file_id: 'file-2', detail: 'low' },
      ],
    },
    {
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'output_text', text: 'Nice', annotations: [] },
        { type: 'refusal', refusal: 'No' },
      ],
    },
  ]);
});

const thought = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' };
const legOfThought = [
  say('Earlier', 'assistant'),
  say('Weather?'),
  { type: 'carried', item: thought } as const,
  { type: 'carried', item: { type: 'message', id: 'msg_1' } } as const,
  say('Let me see', 'assistant'),
  { type: 'call', callId: 'call_1', name: 'weather', arguments: '{}' } as const,
  { type: 'carried', item: { type: 'function_call', id: 'fc_1', call_id: 'call_1' } } as const,
  { type: 'output', callId: 'call_1', output: 'rain' } as const,
  { type: 'carried', item: { role: 'tool', content: "of another adapter's" } } as const,
];
const shown = (role: 'user' | 'assistant', text: string, more: object = {}) => ({
  type: 'message',
  role,
  content: [role === 'user' ? { type: 'input_text', text } : { type: 'output_text', text, annotations: [] }],
  ...more,
});
const called = { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{}' };
const output = { type: 'function_call_output', call_id: 'call_1', output: 'rain' };

test('an upstream that keeps its answers gets reasoning back with the ids of what it led to', () => {
  assert.deepEqual(toInputRequest(requestWith({ turns: legOfThought }), 'keep').input, [
    shown('assistant', 'Earlier'),
    shown('user', 'Weather?'),
    thought,
    shown('assistant', 'Let me see', { id: 'msg_1', status: 'completed' }),
    { ...called, id: 'fc_1' },
    output,
  ]);
});

test('an upstream that forgets gets reasoning back with its content, and no id that it would look for', () => {
  const bare = { type: 'carried', item: { type: 'reasoning', id: 'rs_2', summary: [] } } as const;
  const { id: _, ...sealed } = thought;
  assert.deepEqual(toInputRequest(requestWith({ turns: [...legOfThought, bare] }), 'forget').input, [
    shown('assistant', 'Earlier'),
    shown('user', 'Weather?'),
    sealed,
    shown('assistant', 'Let me see'),
    called,
    output,
  ]);
});

test('calls of built-in tools go back as they were carried', () => {
  const items = [
    { type: 'file_search_call', id: 'fs_1', status: 'completed', queries: ['q'], results: [] },
    { type: 'code_interpreter_call', id: 'ci_1', status: 'completed', code: '1', container_id: 'cntr_1' },
  ];
  const turns = items.map((item) => ({ type: 'carried', item }) as const);
  assert.deepEqual(toInputRequest(requestWith({ turns }), 'forget').input, items);
});

test('functions are lenient unless they say otherwise', () => {
  const parameters = { type: 'object' };
  const strict = {
    type: 'function',
    function: { name: 'b', description: 'B', parameters, strict: true },
  } as const;
  assert.deepEqual(toInputRequest(requestWith({ tools: [functionTool('a'), strict] }), 'keep').tools, [
    { type: 'function', name: 'a', parameters: null, strict: false },
    { type: 'function', name: 'b', description: 'B', parameters, strict: true },
  ]);
});

test('a file search is offered where there is something to search, with its settings', () => {
  const ranking_options = { score_threshold: 0.5, ranker: 'default_2024_08_21' } as const;
  const tools = [{ type: 'file_search', file_search: { max_num_results: 7, ranking_options } }] as const;
  assert.deepEqual(toInputRequest(requestWith({ tools, vectorStoreIds: ['vs_1'] }), 'keep').tools, [
    {
      type: 'file_search',
      vector_store_ids: ['vs_1'],
      max_num_results: 7,
      ranking_options: { score_threshold: 0.5 },
    },
  ]);
  const nowhere = requestWith({ tools, toolChoice: { type: 'file_search' } });
  const { tools: none, tool_choice } = toInputRequest(nowhere, 'keep');
  assert.deepEqual([none, tool_choice], [undefined, undefined]);
});

test('the code interpreter works in the container that is still there, else in a new one with the files', () => {
  const tools = [{ type: 'code_interpreter' }] as const;
  const containerOf = (parts: object) =>
    toInputRequest(requestWith({ tools, ...parts }), 'keep').tools?.[0]?.['container'];
  assert.equal(containerOf({ containerId: 'cntr_1', fileIds: ['file-1'] }), 'cntr_1');
  assert.deepEqual(containerOf({ fileIds: ['file-1'] }), { type: 'auto', file_ids: ['file-1'] });
  assert.deepEqual(containerOf({}), { type: 'auto' });
});

test('a choice of tool is passed on in the words of the API', () => {
  const tools = [functionTool('f'), { type: 'code_interpreter' }] as const;
  const choiceOf = (toolChoice: Parameters<typeof requestWith>[0] & object) =>
    toInputRequest(requestWith({ tools, ...toolChoice }), 'keep').tool_choice;
  assert.equal(choiceOf({ toolChoice: 'required' }), 'required');
  assert.deepEqual(choiceOf({ toolChoice: { type: 'function', function: { name: 'f' } } }), {
    type: 'function',
    name: 'f',
  });
  assert.deepEqual(choiceOf({ toolChoice: { type: 'code_interpreter' } }), { type: 'code_interpreter' });
  assert.equal(choiceOf({ toolChoice: { type: 'file_search' } }), undefined);
  assert.equal(choiceOf({ toolChoice: 'required', tools: [] }), undefined);
});

test('it asks for what answers tell only on demand', () => {
  const tools = [{ type: 'file_search' }, { type: 'code_interpreter' }] as const;
  const all = requestWith({ model: 'gpt-5', tools, vectorStoreIds: ['vs_1'] });
  const built = ['file_search_call.results', 'code_interpreter_call.outputs'];
  assert.deepEqual(toResponseRequest(all, 'keep').include, built);
  const forgotten = toResponseRequest(all, 'forget');
  assert.equal(forgotten.store, false);
  assert.deepEqual(forgotten.include, [...built, 'reasoning.encrypted_content']);
  assert.equal(toResponseRequest(requestWith({ model: 'gpt-4o' }), 'forget').include, undefined);
});

test('metadata is cut to what the API takes', () => {
  const pairs = Array.from({ length: 20 }, (_, index) => [`${index}`.padEnd(70, 'k'), 'v'.repeat(600)]);
  const { metadata } = toResponseRequest(requestWith({ metadata: Object.fromEntries(pairs) }), 'keep');
  assert.equal(Object.keys(metadata).length, 16);
  for (const [key, value] of Object.entries(metadata))
    assert.deepEqual([key.length, value.length], [64, 512]);
});

test('the members are those of the API, by name', () => {
  const names = <Params>(list: (keyof Params)[]) => new Set<PropertyKey>(list);
  const counted = names<InputTokenCountParams>([
    'model',
    'instructions',
    'input',
    'tools',
    'tool_choice',
    'parallel_tool_calls',
    'text',
    'reasoning',
    'truncation',
  ]);
  const created = names<ResponseCreateParamsStreaming>([
    'stream',
    'store',
    'include',
    'max_output_tokens',
    'temperature',
    'top_p',
    'metadata',
  ]);
  const full = requestWith({
    model: 'gpt-5',
    instructions: 'x',
    tools: [functionTool('f')],
    toolChoice: 'required',
    parallelToolCalls: false,
    maxOutputTokens: 16,
    temperature: 1,
    topP: 1,
    responseFormat: { type: 'text' },
    reasoningEffort: 'low',
  });
  assert.deepEqual(new Set<PropertyKey>(Object.keys(toInputRequest(full, 'forget'))), counted);
  const keys = new Set<PropertyKey>(Object.keys(toResponseRequest(full, 'forget')));
  assert.deepEqual(keys, new Set([...counted, ...created]));
});
