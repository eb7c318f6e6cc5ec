import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assistantParams } from '../../../src/assistants/params/assistant-params.ts';
import { messageParams } from '../../../src/assistants/params/message-params.ts';
import { readParams } from '../../../src/assistants/params/read-params.ts';
import { runParams } from '../../../src/assistants/params/run-params.ts';
import { refusalOf } from './refusal-of.ts';

test('errors are said in the words of the API', () => {
  const assistant = (member: object) => refusalOf(assistantParams, { model: 'x', ...member })?.message;
  const message = (content: unknown) => refusalOf(messageParams, { role: 'user', content })?.message;
  const run = (member: object) => refusalOf(runParams, { assistant_id: 'a', ...member })?.message;
  const pairs = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [index, '']));
  const rows = [
    [
      assistant({ tools: 'x' }),
      "Invalid type for 'tools': expected an array of objects, but got a string instead.",
    ],
    [assistant({ name: 7 }), "Invalid type for 'name': expected a string, but got an integer instead."],
    [
      assistant({ temperature: 'x' }),
      "Invalid type for 'temperature': expected a decimal, but got a string instead.",
    ],
    [
      assistant({ metadata: [] }),
      "Invalid type for 'metadata': expected an object, but got an array instead.",
    ],
    [
      assistant({ tools: [{ type: 'retrieval' }] }),
      "Invalid value: 'retrieval'. Supported values are: 'code_interpreter', 'file_search', and 'function'.",
    ],
    [
      assistant({ name: 'x'.repeat(257) }),
      "Invalid 'name': string too long. Expected a string with maximum length 256, but got a string with length 257 instead.",
    ],
    [
      assistant({ metadata: pairs }),
      "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with 17 properties instead.",
    ],
    [
      assistant({ tools: Array.from({ length: 129 }, () => ({ type: 'code_interpreter' })) }),
      "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 129 instead.",
    ],
    [
      assistant({ temperature: 2.5 }),
      "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
    ],
    [
      assistant({ response_format: 7 }),
      "Invalid type for 'response_format': expected one of a string or object, but got an integer instead.",
    ],
    [
      message(7),
      "Invalid type for 'content': expected one of a string or array of objects, but got an integer instead.",
    ],
    [message(['x']), "Invalid type for 'content[0]': expected an object, but got a string instead."],
    [
      message([{ type: 'text', text: { value: 'x' } }]),
      "Invalid type for 'content[0].text': expected a string, but got an object instead.",
    ],
    [
      run({ max_prompt_tokens: 12 }),
      "Invalid 'max_prompt_tokens': integer below minimum value. Expected a value >= 256, but got 12 instead.",
    ],
    [
      run({ max_prompt_tokens: 1.5 }),
      "Invalid type for 'max_prompt_tokens': expected an integer, but got a decimal instead.",
    ],
    [run({ stream: 'x' }), "Invalid type for 'stream': expected a boolean, but got a string instead."],
  ];
  for (const [said, expected] of rows) assert.equal(said, expected);
});

test('null counts as left out, unless it says something', () => {
  const nothing = { name: null, tools: null, metadata: null, tool_resources: null };
  assert.deepEqual(readParams(assistantParams, { model: 'x', ...nothing }), {
    model: 'x',
    name: null,
    metadata: null,
  });
  assert.deepEqual(
    readParams(runParams, { assistant_id: 'a', tools: null, stream: null, max_prompt_tokens: null }),
    {
      assistant_id: 'a',
    },
  );
});

test('what is fit comes through as it was written', () => {
  const parameters = { type: 'object', properties: { __type: { const: null } }, required: [] };
  const body = {
    model: 'x',
    tools: [{ type: 'function', function: { name: 'f', parameters, strict: null } }],
    response_format: { type: 'json_schema', json_schema: { name: 's', schema: parameters, strict: true } },
  };
  assert.deepEqual(readParams(assistantParams, body), body);
});
