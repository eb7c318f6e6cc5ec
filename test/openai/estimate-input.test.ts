import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';
import { get_encoding } from 'tiktoken';

import { estimateInput } from '../../src/openai/estimate-input.ts';
import type { InputEstimate } from '../../src/openai/estimate-input.ts';
import { defaultEstimates } from '../harness/default-estimates.ts';
import { named } from './observed.ts';

const chat = 'chat.completions.create';
const encoding = get_encoding('o200k_base');

function estimateOf(name: string, value: unknown): InputEstimate {
  return estimateInput(named(name), { bytes: Buffer.from(''), value }, defaultEstimates);
}

function tokensIn(text: string): number {
  return encoding.encode_ordinary(text).length;
}

/** What the sidecar would take for exact. */
function exactTokens({ texts, fixedTokens }: InputEstimate): number {
  return fixedTokens + texts().reduce((sum, text) => sum + tokensIn(text), 0);
}

/** How much more a request costs by rule than the same without. */
function addedFixed(name: string, body: object, added: object): number {
  return estimateOf(name, { ...body, ...added }).fixedTokens - estimateOf(name, body).fixedTokens;
}

interface Message {
  role: string;
  content: string;
  name?: string;
}

interface FunctionTool {
  name: string;
  description: string;
  properties: Record<string, { type: string; description: string; enum?: string[] }>;
}

/** OpenAI's cookbook, "How to count tokens with tiktoken", sections 6 and 7, for gpt-4o. */
function cookbookTokens(messages: readonly Message[], tools: readonly FunctionTool[]): number {
  let tokens = 3;
  for (const message of messages) {
    tokens += 3;
    for (const value of Object.values(message)) tokens += tokensIn(value);
    if (message.name !== undefined) tokens += 1;
  }
  for (const { name, description, properties } of tools) {
    tokens += 7 + tokensIn(`${name}:${description}`);
    const members = Object.entries(properties);
    if (members.length > 0) tokens += 3;
    for (const [key, property] of members) {
      tokens += 3 + tokensIn(`${key}:${property.type}:${property.description}`);
      if (!property.enum) continue;
      tokens -= 3;
      for (const item of property.enum) tokens += 3 + tokensIn(item);
    }
  }
  return tools.length > 0 ? tokens + 12 : tokens;
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.lorem(),
  fc.constantFrom('<|endoftext|>', '\u0000', '漢字', '{"a":1}'),
);
const messages = fc.array(
  fc.record(
    {
      role: fc.constantFrom('user', 'assistant', 'system'),
      content: text,
      name: fc.string({ maxLength: 9 }),
    },
    { requiredKeys: ['role', 'content'] },
  ),
  { maxLength: 5 },
);
const tools = fc.array(
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 20 }),
    description: text,
    properties: fc.dictionary(
      fc.string({ maxLength: 9 }),
      fc.record(
        { type: fc.constant('string'), description: text, enum: fc.array(text, { maxLength: 3 }) },
        { requiredKeys: ['type', 'description'] },
      ),
      { maxKeys: 4 },
    ),
  }),
  { maxLength: 3 },
);

test('the bound is never below the exact count, nor that below what OpenAI counts', () => {
  fc.assert(
    fc.property(messages, tools, (said, offered) => {
      const estimate = estimateOf(chat, {
        model: 'gpt-4o',
        messages: said,
        tools: offered.map(({ name, description, properties }) => ({
          type: 'function',
          function: { name, description, parameters: { type: 'object', properties } },
        })),
      });
      const exact = exactTokens(estimate);
      assert.ok(estimate.boundTokens >= exact);
      assert.ok(exact >= cookbookTokens(said, offered));
    }),
    { numRuns: 500 },
  );
});

test('any JSON has a bound that holds for its exact count', () => {
  const names = fc.constantFrom(chat, 'responses.create', 'completions.create', 'embeddings.create');
  const members = fc.constantFrom('messages', 'input', 'prompt', 'tools', 'text', 'audio', 'x');
  fc.assert(
    fc.property(names, fc.dictionary(members, fc.jsonValue()), (name, body) => {
      const estimate = estimateOf(name, body);
      assert.ok(Number.isSafeInteger(estimate.boundTokens) && estimate.fixedTokens >= 0);
      assert.ok(estimate.boundTokens >= exactTokens(estimate));
    }),
    { numRuns: 500 },
  );
});

test('a chat of plain text is counted nearly as OpenAI does', () => {
  const said = [
    { role: 'system', content: 'You are a helpful assistant that answers in one short sentence.' },
    { role: 'user', content: 'What is the capital of France, and how many people live in it?' },
  ];
  const exact = exactTokens(estimateOf(chat, { model: 'gpt-4o', messages: said, temperature: 0.5, n: 2 }));
  assert.ok(exact <= cookbookTokens(said, []) * 1.2, String(exact));
});

test('the text of a request is counted wherever it stands', () => {
  const words = ['one', 'two', 'three', 'four', 'five', 'six'];
  const [one, two, three, four, five, six] = words;
  const bodies: readonly (readonly [name: string, body: object])[] = [
    [
      chat,
      {
        messages: [
          { role: 'user', content: [{ type: 'text', text: one }], name: two },
          {
            role: 'assistant',
            content: null,
            refusal: three,
            tool_calls: [{ id: 'c', type: 'function', function: { name: four, arguments: five } }],
          },
          { role: 'tool', tool_call_id: 'c', content: six },
        ],
      },
    ],
    [
      'responses.create',
      {
        instructions: one,
        input: [
          { role: 'user', content: [{ type: 'input_text', text: two }] },
          { type: 'function_call', call_id: 'c', name: three, arguments: four },
          { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: five }] },
          { type: 'reasoning', id: 'r', summary: [{ type: 'summary_text', text: six }] },
        ],
      },
    ],
    ['responses.compact', { instructions: one, input: words.slice(1).map((content) => ({ content })) }],
    ['completions.create', { prompt: words.slice(1), suffix: one }],
    ['embeddings.create', { input: words }],
    ['moderations.create', { input: words.map((word) => ({ type: 'text', text: word })) }],
    ['audio.speech.create', { input: one, instructions: words.slice(1).join(' ') }],
    [
      'threads.createAndRun',
      {
        instructions: one,
        thread: { messages: words.slice(1).map((content) => ({ role: 'user', content })) },
      },
    ],
    [
      'threads.runs.create',
      { additional_instructions: one, additional_messages: words.slice(1).map((content) => ({ content })) },
    ],
  ];
  for (const [name, body] of bodies) {
    const said = estimateOf(name, { model: 'm', user: 'zzz', metadata: { a: 'zzz' }, ...body }).texts();
    assert.deepEqual(said.join(' ').split(' ').sort(), [...words].sort(), name);
  }
});

test('embeddings are counted exactly, as texts and as tokens', () => {
  const model = 'text-embedding-3-small';
  assert.equal(exactTokens(estimateOf('embeddings.create', { model, input: 'hello world' })), 2);
  assert.equal(exactTokens(estimateOf('embeddings.create', { model, input: ['hello', 'world'] })), 2);
  assert.equal(estimateOf('embeddings.create', { model, input: [1, 2, 3], dimensions: 9 }).boundTokens, 3);
  assert.equal(estimateOf('embeddings.create', { model, input: [[1, 2], [3]] }).boundTokens, 3);
});

const megabytes = 'A'.repeat(4 * 1_398_102);
const dataUrl = `data:image/png;base64,${megabytes}`;

test('five megabytes of base64 are no five million tokens', () => {
  const parts: readonly (readonly [type: string, part: object, atMostTokens: number])[] = [
    [chat, { type: 'image_url', image_url: { url: dataUrl } }, 2_000],
    [chat, { type: 'file', file: { filename: 'a.pdf', file_data: dataUrl } }, 101_000],
    [chat, { type: 'input_audio', input_audio: { data: megabytes, format: 'mp3' } }, 42_000],
    ['responses.create', { type: 'input_image', image_url: dataUrl, file_id: null }, 2_000],
    ['responses.create', { type: 'input_file', filename: 'a.pdf', file_data: dataUrl }, 101_000],
    ['responses.create', { type: 'computer_screenshot', image_url: dataUrl }, 2_000],
    ['responses.create', { type: 'image_generation_call', id: 'ig', result: megabytes }, 2_000],
  ];
  for (const [name, part, atMostTokens] of parts) {
    const content = [{ role: 'user', content: [part] }];
    const bound = estimateOf(name, { model: 'gpt-4o', messages: content }).boundTokens;
    assert.ok(bound > 1_000 && bound < atMostTokens, `${JSON.stringify(part).slice(0, 40)} ${bound}`);
  }
});

test('a text file that is sent inline has at most a token for each of its bytes', () => {
  const content = 'digits 0123456789 '.repeat(10_000);
  const file = { filename: 'a.txt', file_data: `data:text/plain;base64,${btoa(content)}` };
  const said = [{ role: 'user', content: [{ type: 'file', file }] }];
  const bound = estimateOf(chat, { messages: said }).boundTokens;
  assert.ok(bound >= content.length && bound < content.length * 1.01, String(bound));
});

test('base64 in place of a text is text', () => {
  const body = { messages: [{ role: 'user', content: [{ type: 'text', text: dataUrl }] }] };
  assert.ok(estimateOf(chat, body).boundTokens > 5_000_000);
});

test('an image costs what its model and its detail cost at most', () => {
  const costs: readonly (readonly [model: string, detail: string | undefined, tokens: number])[] = [
    ['gpt-4o', 'high', 1_445],
    ['gpt-4o-2024-08-06', undefined, 1_445],
    ['gpt-4o', 'low', 85],
    ['gpt-4o-mini', 'high', 48_169],
    ['gpt-4.1-mini', 'low', 2_489],
    ['gpt-5', 'auto', 1_190],
    ['gpt-5-2025-08-07', 'auto', 1_190],
    ['gpt-5-nano', 'auto', 3_779],
    ['gpt-5.4-mini', 'original', 16_200],
    ['llava', 'high', defaultEstimates.imageTokens],
    ['llava', 'original', defaultEstimates.originalImageTokens],
  ];
  for (const [model, detail, tokens] of costs) {
    const empty = [{ role: 'user', content: [] as object[] }];
    const part = { type: 'image_url', image_url: { url: 'https://example.test/a.png', detail } };
    const added = addedFixed(
      chat,
      { model, messages: empty },
      { messages: [{ role: 'user', content: [part] }] },
    );
    assert.equal(added - 5, tokens, `${model} ${detail}`);
  }
});

test('what is not in the request is counted by rule', () => {
  const { conversationTokens, fileTokens, webSearchTokens, mcpTokens } = defaultEstimates;
  const base = { model: 'gpt-5', input: 'hi' };
  const stored: readonly object[] = [
    { previous_response_id: 'resp_1' },
    { conversation: 'conv_1' },
    { conversation: { id: 'conv_1' }, previous_response_id: 'resp_1' },
  ];
  for (const added of stored) assert.equal(addedFixed('responses.create', base, added), conversationTokens);
  const reference = { input: ['a', 'b'].map((id) => ({ type: 'item_reference', id })) };
  assert.equal(addedFixed('responses.create', base, reference), conversationTokens + 10);
  const file = { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }] };
  assert.equal(addedFixed('responses.create', base, file), fileTokens + 10);
  const hosted: readonly (readonly [tool: Record<string, unknown>, tokens: number])[] = [
    [{ type: 'file_search', vector_store_ids: ['vs'] }, 16_000],
    [{ type: 'file_search', max_num_results: 3 }, 2_400],
    [{ type: 'file_search', file_search: { max_num_results: 50 } }, 40_000],
    [{ type: 'web_search' }, webSearchTokens],
    [{ type: 'web_search_preview_2025_03_11' }, webSearchTokens],
    [{ type: 'mcp' }, mcpTokens],
    [{ type: 'function', name: 'f' }, 0],
  ];
  for (const [tool, tokens] of hosted) {
    const added = addedFixed('responses.create', base, { tools: [tool] });
    assert.ok(added >= tokens && added < tokens + 150, `${JSON.stringify(tool)} ${added}`);
  }
  assert.equal(addedFixed(chat, { messages: [] }, { web_search_options: {} }), webSearchTokens + 5);
});

test('a run costs its prompt limit, else its thread', () => {
  const run = { assistant_id: 'asst_1', additional_messages: [{ role: 'user', content: 'hi' }] };
  assert.equal(estimateOf('threads.runs.create', { ...run, max_prompt_tokens: 500 }).boundTokens, 500);
  const without = estimateOf('threads.runs.create', { ...run, max_prompt_tokens: 'x' }).fixedTokens;
  assert.ok(without >= defaultEstimates.conversationTokens);
});

test('a call that reads costs nothing, and a form at least a file', () => {
  const { fileTokens } = defaultEstimates;
  assert.equal(estimateInput(named('responses.retrieve'), undefined, defaultEstimates).boundTokens, 0);
  assert.equal(estimateInput(named('responses.cancel'), undefined, defaultEstimates).boundTokens, 0);
  const form = estimateInput(named('audio.transcriptions.create'), undefined, defaultEstimates);
  assert.equal(form.boundTokens, fileTokens);
});

test('a body nested a million deep is estimated', () => {
  const deep: unknown = JSON.parse('['.repeat(1_000_000) + ']'.repeat(1_000_000));
  assert.ok(estimateOf(chat, { messages: deep, tools: [deep] }).boundTokens > 0);
});

test('nulls, which SDKs send back in messages, cost nothing', () => {
  const message = { role: 'assistant', content: 'x' };
  const nulls = { ...message, audio: null, refusal: null, function_call: null };
  assert.equal(
    estimateOf(chat, { messages: [nulls] }).boundTokens,
    estimateOf(chat, { messages: [message] }).boundTokens,
  );
});
