import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';

import fc from 'fast-check';

import { createChatCompletionsModel } from '../../../src/assistants/models/chat-completions/chat-completions-model.ts';
import { createChatReader } from '../../../src/assistants/models/chat-completions/chat-reader.ts';
import type { ModelEnding, ModelEvent, Turn } from '../../../src/assistants/models/model-call.ts';
import { createEventSplitter, readData } from '../../../src/openai/sse.ts';
import { answerJson, startUpstream } from '../../harness/upstream.ts';
import { chunked } from '../../openai/chunkings.ts';
import { withStandIn } from '../../stand-in/with-stand-in.ts';
import {
  assertInTurn,
  callsIn,
  callsTo,
  contextWith,
  functionTool,
  hear,
  joined,
  requestWith,
  say,
  textOf,
} from './calls.ts';

const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };

function delta(said: object, finish_reason: string | null = null): object {
  return { id: 'chatcmpl-1', choices: [{ index: 0, delta: said, finish_reason }], usage: null };
}

function called(index: number | undefined, name?: string, args?: string, id?: string): object {
  return delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: args } }] });
}

const tail = (reason: string): object[] => [delta({}, reason), { id: 'chatcmpl-1', choices: [], usage }];
const hello = [
  delta({ role: 'assistant', content: '' }),
  delta({ content: 'Hel' }),
  delta({ content: 'lo' }),
];

function sse(chunks: readonly object[]): Buffer {
  const data = [...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'];
  return Buffer.from(data.map((line) => `data: ${line}\n\n`).join(''));
}

interface Read {
  events: ModelEvent[];
  ending: ModelEnding | undefined;
}

function read(chunks: readonly Uint8Array[]): Read {
  const events: ModelEvent[] = [];
  let made = 0;
  const reader = createChatReader(
    (event) => events.push(event),
    () => `made_${(made += 1)}`,
  );
  const splitter = createEventSplitter();
  for (const { bytes } of chunks.flatMap((chunk) => splitter.push(chunk))) {
    const data = readData(bytes);
    if (data) reader.read(data);
  }
  const ending = reader.end();
  assertInTurn(events);
  return { events, ending };
}

test('a text is told as it comes, with the usage of the last chunk', () => {
  const { events, ending } = read([sse([...hello, ...tail('stop')])]);
  assert.deepEqual(events, [
    { type: 'messageBegun' },
    { type: 'text', text: 'Hel' },
    { type: 'text', text: 'lo' },
    { type: 'messageEnded' },
  ]);
  assert.deepEqual(ending, { how: 'completed', usage });
});

test('a refusal is told as one', () => {
  const { events } = read([sse([delta({ refusal: 'No' }), ...tail('stop')])]);
  assert.deepEqual(joined(events)[1], { type: 'refusal', text: 'No' });
});

test('calls are put together by their index, whatever else comes between', () => {
  const chunks = [
    delta({ content: 'Let me see' }),
    called(0, 'a', '', 'call_a'),
    called(1, 'b', '{"n"', 'call_b'),
    called(0, undefined, '{}'),
    delta({ content: '.' }),
    called(1, undefined, ':1}'),
  ];
  const { events, ending } = read([sse([...chunks, ...tail('tool_calls')])]);
  assert.deepEqual(callsIn(events), [
    { callId: 'call_a', name: 'a', arguments: '{}' },
    { callId: 'call_b', name: 'b', arguments: '{"n":1}' },
  ]);
  assert.equal(textOf(events), 'Let me see.');
  assert.equal(ending?.how, 'completed');
});

test('engines that count all calls as the first, or none, or give no ids or the same, are understood', () => {
  const expected = (ids: string[]) => [
    { callId: ids[0]!, name: 'a', arguments: '{}' },
    { callId: ids[1]!, name: 'b', arguments: '[]' },
  ];
  const callsOf = (...chunks: object[]) => callsIn(read([sse([...chunks, ...tail('tool_calls')])]).events);
  const first = [called(0, 'a', '{}', 'x'), called(0, 'b', '[]', 'y')];
  assert.deepEqual(callsOf(...first), expected(['x', 'y']));
  const uncounted = [
    called(undefined, 'a', '{', 'x'),
    called(undefined, undefined, '}'),
    called(undefined, 'b', '[]'),
  ];
  assert.deepEqual(callsOf(...uncounted), expected(['x', 'made_1']));
  assert.deepEqual(callsOf(called(0, 'a', '{}'), called(1, 'b', '[]')), expected(['made_1', 'made_2']));
  assert.deepEqual(callsOf(called(0, 'a', '{}', 'x'), called(1, 'b', '[]', 'x')), expected(['x', 'made_1']));
});

test('what the cap cuts is begun and not ended', () => {
  const { events, ending } = read([sse([...hello, called(0, 'a', '{"', 'x'), ...tail('length')])]);
  assert.deepEqual(ending, { how: 'cut', usage });
  assert.deepEqual(events.at(-1), { type: 'arguments', callId: 'x', text: '{"' });
});

test('a content filter, an error in the stream and an unknown end are failures', () => {
  const codeOf = (...chunks: object[]) => {
    const { ending } = read([sse(chunks)]);
    return [ending?.how, ending?.error?.code, ending?.error?.message];
  };
  const filtered = "The upstream's content filter stopped the answer.";
  assert.deepEqual(codeOf(...hello, ...tail('content_filter')), ['failed', 'server_error', filtered]);
  const error = { message: 'Out of memory.', code: 500 };
  assert.deepEqual(codeOf(...hello, { error }), ['failed', 'server_error', 'Out of memory.']);
  assert.equal(codeOf(...hello, ...tail('abort'))[0], 'failed');
  assert.equal(codeOf(...hello)[0], undefined, 'without a reason nothing is known');
});

test('property: however the bytes of a stream are cut, the same is told', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme' }).map((content) => delta({ content })),
    fc.string({ unit: 'grapheme' }).map((refusal) => delta({ refusal })),
    fc
      .tuple(fc.nat({ max: 2 }), fc.string({ unit: 'grapheme' }))
      .map(([index, args]) => called(index, `f${index}`, args)),
  );
  const streams = fc.array(piece).map((pieces) => sse([...pieces, ...tail('stop')]));
  fc.assert(
    fc.property(chunked(streams), ({ bytes, chunks }) => {
      assert.deepEqual(read(chunks), read([bytes]));
      assert.equal(read(chunks).ending?.how, 'completed');
    }),
  );
});

test('property: each text and each call is told whole, in whatever order its pieces come', () => {
  const pieces = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.string()), { maxLength: 20 });
  fc.assert(
    fc.property(pieces, (said) => {
      const begun = new Set<number>();
      const chunks = said.map(([at, text]) => {
        if (at === 3) return delta({ content: text });
        const isNew = !begun.has(at);
        begun.add(at);
        return isNew ? called(at, `f${at}`, text, `call_${at}`) : called(at, undefined, text);
      });
      const { events } = read([sse([...chunks, ...tail('stop')])]);
      const whole = (at: number) => said.map(([of, text]) => (of === at ? text : '')).join('');
      assert.equal(textOf(events), whole(3));
      assert.deepEqual(
        callsIn(events).map(({ callId, arguments: args }) => [callId, args]),
        [...begun].map((at) => [`call_${at}`, whole(at)]),
      );
    }),
  );
});

async function modelAgainst(t: TestContext, post: (response: ServerResponse) => unknown) {
  const upstream = await startUpstream(t, (request, response) => {
    request.resume();
    return post(response);
  });
  return createChatCompletionsModel({ calls: callsTo(t, upstream.url), newCallId: () => 'call_made' });
}

test('a stream that is cut at any byte fails, and tells no more than it had told', async (t) => {
  const bytes = sse([...hello, ...tail('stop')]);
  let length = 0;
  const model = await modelAgainst(t, (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(bytes.subarray(0, length), () => response.destroy());
  });
  for (; length < bytes.length; length += 1) {
    const { events, ending } = await hear(model, requestWith());
    assert.deepEqual([ending.how, ending.error?.code], ['failed', 'server_error'], `${length} bytes`);
    assert.ok('Hello'.startsWith(textOf(events)));
  }
});

test('garbage fails, whatever it calls itself', async (t) => {
  for (const contentType of ['text/event-stream', 'application/json', 'text/html']) {
    const model = await modelAgainst(t, (response) =>
      response.writeHead(200, { 'content-type': contentType }).end('data: {"choices":[[]]}\n\n<html>\n\n\0'),
    );
    const { events, ending } = await hear(model, requestWith());
    assert.deepEqual([events, ending.how], [[], 'failed']);
  }
});

test('an engine that answers JSON although a stream was asked for is understood', async (t) => {
  const tool_calls = [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }];
  const message = { role: 'assistant', content: 'Hello', refusal: null, tool_calls };
  const model = await modelAgainst(t, (response) =>
    answerJson(response, { choices: [{ index: 0, message, finish_reason: 'tool_calls' }], usage }),
  );
  const { events, ending } = await hear(model, requestWith());
  assert.equal(textOf(events), 'Hello');
  assert.deepEqual(callsIn(events), [{ callId: 'call_1', name: 'f', arguments: '{}' }]);
  assert.deepEqual(ending, { how: 'completed', usage });
});

test('an engine that never ends is left by an abort; one that was done, after a moment', async (t) => {
  const leave = new AbortController();
  const endless = await modelAgainst(t, (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(sse(hello).subarray(0, -'data: [DONE]\n\n'.length));
    setTimeout(() => leave.abort(), 50);
  });
  const { ending, events } = await hear(endless, requestWith(), contextWith(leave.signal));
  assert.deepEqual([ending, textOf(events)], [{ how: 'aborted', usage: undefined }, 'Hello']);
  const lingering = await modelAgainst(t, (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(sse([...hello, ...tail('stop')]));
  });
  assert.deepEqual((await hear(lingering, requestWith())).ending, { how: 'completed', usage });
});

test('errors are told in the words of the engine', async (t) => {
  const model = await modelAgainst(t, (response) => answerJson(response, { error: 'model not found' }, 404));
  assert.deepEqual((await hear(model, requestWith())).ending.error, {
    code: 'invalid_prompt',
    message: 'model not found',
  });
});

test('a tool that it has not is refused by name', async (t) => {
  const model = await modelAgainst(t, () => {});
  assert.equal(model.refusalOf([functionTool('f')]), undefined);
  for (const type of ['file_search', 'code_interpreter'] as const) {
    assert.equal(
      model.refusalOf([functionTool('f'), { type }]),
      `This sidecar serves runs on Chat Completions (assistants.backend), which has no ${type}. ` +
        'Remove the tool from the assistant or the run.',
    );
  }
});

test('a picture in a file fails with what to do instead, and nothing is asked', async (t) => {
  const model = await modelAgainst(t, () => assert.fail('it was asked'));
  const image: Turn = {
    type: 'message',
    role: 'user',
    content: [{ type: 'image_file', image_file: { file_id: 'file-1' } }],
  };
  const { ending } = await hear(model, requestWith({ turns: [image] }));
  assert.equal(ending.error?.code, 'invalid_prompt');
  assert.match(ending.error?.message ?? '', /Send the image as an image_url/);
});

test('what it can not tell is unknown', async (t) => {
  const model = await modelAgainst(t, () => {});
  assert.deepEqual(await model.lookUp('chatcmpl-1', contextWith()), { state: 'unknown' });
  assert.equal(await model.countInput(requestWith(), contextWith()), undefined);
});

test('the stand-in is understood: text, refusal, parallel functions and their outputs, a cut, a failure', async (t) => {
  const { standIn } = await withStandIn(t);
  const model = createChatCompletionsModel({ calls: callsTo(t, standIn.url), newCallId: () => 'call_made' });
  const ask = (text: string, more = {}) => hear(model, requestWith({ turns: [say(text)], ...more }));

  const text = await ask('[[say:Hello there.]]');
  assert.equal(textOf(text.events), 'Hello there.');
  const { inputTokens, outputTokens } = standIn.requests.at(-1)!.usage!;
  assert.deepEqual(text.ending, {
    how: 'completed',
    usage: {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    },
  });

  const refused = await ask('[[refuse]]');
  assert.ok(refused.events.some(({ type }) => type === 'refusal'));

  const question = say('[[tool:a {"n":1}]] [[tool:b {"n":2}]]');
  const request = requestWith({ turns: [question], tools: [functionTool('a'), functionTool('b')] });
  const { events } = await hear(model, request);
  const calls = callsIn(events);
  assert.deepEqual(
    calls.map(({ arguments: args }) => args),
    ['{"n":1}', '{"n":2}'],
  );
  const turns: Turn[] = [
    question,
    ...calls.map((call) => ({ type: 'call', ...call }) as const),
    ...calls.map(({ callId }) => ({ type: 'output', callId, output: 'sunny' }) as const),
  ];
  assert.match(textOf((await hear(model, { ...request, turns })).events), /The tools answered: sunny; sunny/);

  const cut = await ask('[[words:100]]', { maxOutputTokens: 10 });
  assert.deepEqual([cut.ending.how, cut.ending.usage?.completion_tokens], ['cut', 10]);

  const unknown = await ask('Hi', { model: 'no-such-model' });
  assert.equal(unknown.ending.error?.code, 'invalid_prompt');
});
