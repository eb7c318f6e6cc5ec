import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';

import { toChatRequest } from '../../../src/assistants/models/chat-completions/request.ts';
import type { Turn } from '../../../src/assistants/models/model-call.ts';
import type { MessageContent } from '../../../src/assistants/wire.ts';
import { functionTool, requestWith, say } from './calls.ts';

test('a plain request says what it must, and nothing that is the default anyway', () => {
  assert.deepEqual(toChatRequest(requestWith({ instructions: 'Be brief.', metadata: { run_id: 'run_1' } })), {
    model: 'gpt-4o',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hello' },
    ],
    stream: true,
    stream_options: { include_usage: true },
  });
});

test('all that can be set has the API’s names', () => {
  const response_format = { type: 'json_object' } as const;
  const body = toChatRequest(
    requestWith({
      tools: [functionTool('f')],
      toolChoice: { type: 'function', function: { name: 'f' } },
      parallelToolCalls: false,
      maxOutputTokens: 300,
      temperature: 0,
      topP: 0.5,
      responseFormat: response_format,
      reasoningEffort: 'low',
    }),
  );
  const { messages: _, ...settings } = body;
  const expected: Omit<ChatCompletionCreateParamsStreaming, 'messages'> = {
    model: 'gpt-4o',
    stream: true,
    stream_options: { include_usage: true },
    tools: [{ type: 'function', function: { name: 'f' } }],
    tool_choice: { type: 'function', function: { name: 'f' } },
    parallel_tool_calls: false,
    max_completion_tokens: 300,
    temperature: 0,
    top_p: 0.5,
    response_format,
    reasoning_effort: 'low',
  };
  assert.deepEqual(settings, expected);
});

test('without tools nothing is said of how to choose among them', () => {
  const body = toChatRequest(requestWith({ toolChoice: 'required', parallelToolCalls: false }));
  assert.deepEqual(
    [body.tools, body.tool_choice, body.parallel_tool_calls],
    [undefined, undefined, undefined],
  );
  const built = requestWith({ tools: [functionTool('f')], toolChoice: { type: 'file_search' } });
  assert.equal(toChatRequest(built).tool_choice, undefined);
});

test('the calls of one turn are one message, with what was said before them', () => {
  const call = (callId: string): Turn => ({ type: 'call', callId, name: 'f', arguments: '{}' });
  const output = (callId: string): Turn => ({ type: 'output', callId, output: `of ${callId}` });
  const turns: Turn[] = [
    say('Weather?'),
    say('Let me see', 'assistant'),
    call('a'),
    { type: 'carried', item: { type: 'reasoning' } },
    call('b'),
    output('a'),
    output('b'),
    call('c'),
    output('c'),
  ];
  const called = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } });
  assert.deepEqual(toChatRequest(requestWith({ turns })).messages, [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: 'Let me see', tool_calls: [called('a'), called('b')] },
    { role: 'tool', tool_call_id: 'a', content: 'of a' },
    { role: 'tool', tool_call_id: 'b', content: 'of b' },
    { role: 'assistant', content: null, tool_calls: [called('c')] },
    { role: 'tool', tool_call_id: 'c', content: 'of c' },
  ]);
});

test('pictures are shown by their URLs; text alone is a plain text', () => {
  const image = { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } } as const;
  const text = (value: string): MessageContent => ({ type: 'text', text: { value, annotations: [] } });
  const turns: Turn[] = [
    { type: 'message', role: 'user', content: [text('A'), text('B')] },
    { type: 'message', role: 'user', content: [text('Look'), image] },
    { type: 'message', role: 'assistant', content: [text('Nice'), { type: 'refusal', refusal: 'No' }] },
  ];
  assert.deepEqual(toChatRequest(requestWith({ turns })).messages, [
    { role: 'user', content: 'A\nB' },
    { role: 'user', content: [{ type: 'text', text: 'Look' }, image] },
    { role: 'assistant', content: 'Nice\nNo' },
  ]);
});
