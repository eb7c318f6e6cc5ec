import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import OpenAI from 'openai';

import type { Sink, Transform } from '../../src/exchange.ts';
import { matchOperation } from '../../src/openai/match-operation.ts';
import { rewriteEvents, rewriteJson } from '../../src/redaction/answers/rewrite-answer.ts';
import { settleFindings } from '../../src/redaction/answers/settle-findings.ts';
import { settleOriginals } from '../../src/redaction/answers/settle-originals.ts';
import type { Settler } from '../../src/redaction/answers/settle.ts';
import { placeOf } from '../../src/redaction/where.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { findPlain } from './plain-findings.ts';

const restoring = settleOriginals(
  new Map([
    ['<EMAIL_1>', 'anna@b.example'],
    ['<SECRET_1>', 'pass "word"\\'],
  ]),
);

/** The SDK's client, which gets the stand-in's answers rewritten. */
async function clientBehind(t: TestContext, settler: Settler): Promise<OpenAI> {
  const standIn = await startStandIn({ assistants: 'live' });
  t.after(() => standIn.close());
  return new OpenAI({
    baseURL: standIn.url,
    apiKey: standIn.apiKey,
    maxRetries: 0,
    async fetch(url, init) {
      const answer = await fetch(url, init);
      const match = matchOperation(init?.method?.toUpperCase() ?? 'GET', new URL(url as string).pathname);
      const place = placeOf(match!.operation);
      const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
      const transform = isStream ? rewriteEvents(settler, place) : rewriteJson(settler, place);
      const headers = new Headers(answer.headers);
      headers.delete('content-length');
      return new Response(rewritten(answer.body!, transform), { status: answer.status, headers });
    },
  });
}

function rewritten(body: ReadableStream<Uint8Array>, transform: Transform): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      const sink: Sink = transform({
        write(chunk) {
          controller.enqueue(new Uint8Array(chunk));
          return true;
        },
        end: () => controller.close(),
        fail: (error) => controller.error(error),
      });
      for await (const chunk of body) sink.write(chunk);
      sink.end();
    },
  });
}

const said = 'Write to <EMAIL_1>, < email_1 > or &lt;EMAIL_1&gt; with <SECRET_1>';
const meant = 'Write to anna@b.example, anna@b.example or anna@b.example with pass "word"\\';
const called = '{"to":"<EMAIL_1>","password":"<SECRET_1>"}';
const args = { to: 'anna@b.example', password: 'pass "word"\\' };
const parameters = { type: 'object', properties: { to: { type: 'string' }, password: { type: 'string' } } };
const sizes = [1, 2, 3, 7, 100];

test("the SDK's chat completion stream ends with the texts restored", async (t) => {
  const client = await clientBehind(t, restoring);
  const tools = [{ type: 'function' as const, function: { name: 'send', parameters } }];
  for (const size of sizes) {
    const ask = (content: string) =>
      client.chat.completions.stream({
        model: 'gpt-4o',
        messages: [{ role: 'user', content: `${content}[[chunkCharacters:${size}]]` }],
        tools,
      });
    const saying = ask(`[[say:${said}]]`);
    const deltas: string[] = [];
    saying.on('content', (delta, snapshot) => {
      deltas.push(delta);
      assert.equal(deltas.join(''), snapshot);
    });
    assert.equal(await saying.finalContent(), meant);
    assert.equal(deltas.join(''), meant);
    const completion = await ask(`[[tool:send ${called}]]`).finalChatCompletion();
    const [call] = completion.choices[0]!.message.tool_calls!;
    assert.deepEqual(call?.type === 'function' && JSON.parse(call.function.arguments), args);
  }
});

test("the SDK's Responses stream ends with the texts restored, and its deltas add up to them", async (t) => {
  const client = await clientBehind(t, restoring);
  const tools = [{ type: 'function' as const, name: 'send', parameters, strict: false }];
  for (const size of sizes) {
    for (const [input, expected] of [
      [`[[say:${said}]]`, meant],
      [`[[tool:send ${called}]]`, JSON.stringify(args)],
    ] as const) {
      const stream = client.responses.stream({
        model: 'gpt-4o',
        input: `${input}[[chunkCharacters:${size}]]`,
        tools,
      });
      let joined = '';
      let sequence = -1;
      const done: string[] = [];
      for await (const event of stream) {
        assert.equal(event.sequence_number, (sequence += 1));
        if (event.type === 'response.output_text.delta') joined += event.delta;
        if (event.type === 'response.function_call_arguments.delta') joined += event.delta;
        if (event.type === 'response.output_text.done') done.push(event.text);
        if (event.type === 'response.function_call_arguments.done') done.push(event.arguments);
      }
      const final = await stream.finalResponse();
      assert.equal(joined, expected);
      assert.deepEqual(done, [expected]);
      const [item] = final.output;
      assert.equal(item?.type === 'function_call' ? item.arguments : final.output_text, expected);
    }
  }
});

test("the SDK's Assistants stream ends with the texts restored, and its snapshots are the message", async (t) => {
  const client = await clientBehind(t, restoring);
  const assistant = await client.beta.assistants.create({
    model: 'gpt-4o',
    tools: [{ type: 'function', function: { name: 'send', parameters } }],
  });
  for (const size of sizes) {
    const run = async (content: string) => {
      const thread = await client.beta.threads.create({
        messages: [{ role: 'user', content: `${content}[[chunkCharacters:${size}]]` }],
      });
      return client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
    };
    const saying = await run(`[[say:${said}]]`);
    let snapshot = '';
    saying.on('textDelta', (_, { value }) => (snapshot = value));
    const [message] = await saying.finalMessages();
    assert.equal(message?.content[0]?.type === 'text' && message.content[0].text.value, meant);
    assert.equal(snapshot, meant);

    const calling = await run(`[[tool:send ${called}]]`);
    let joined = '';
    calling.on('toolCallDelta', (delta) => {
      if (delta.type === 'function') joined += delta.function?.arguments ?? '';
    });
    const final = await calling.finalRun();
    const [call] = final.required_action!.submit_tool_outputs.tool_calls;
    assert.deepEqual(JSON.parse(call!.function.arguments), args);
    assert.deepEqual(JSON.parse(joined), args);
  }
});

test('an answer in one piece is restored, in arguments too', async (t) => {
  const client = await clientBehind(t, restoring);
  const ask = (content: string) =>
    client.chat.completions.create({
      model: 'gpt-4o',
      messages: [{ role: 'user', content }],
      tools: [{ type: 'function', function: { name: 'send', parameters } }],
    });
  assert.equal((await ask(`[[say:${said}]]`)).choices[0]!.message.content, meant);
  const [call] = (await ask(`[[tool:send ${called}]]`)).choices[0]!.message.tool_calls!;
  assert.deepEqual(call?.type === 'function' && JSON.parse(call.function.arguments), args);
  const response = await client.responses.create({ model: 'gpt-4o', input: `[[say:${said}]]` });
  assert.equal(response.output_text, meant);
});

test("a redacted stream ends in the SDK's helpers without complaint", async (t) => {
  const client = await clientBehind(t, settleFindings(findPlain));
  const text = `${'word '.repeat(200)}4111 1111 1111 1111, ${'word '.repeat(60)}anna@b.example`;
  const masked = text.replace('4111 1111 1111 1111', '[CREDIT_CARD]').replace('anna@b.example', '[EMAIL]');
  for (const size of sizes) {
    const content = `[[say:${text}]][[chunkCharacters:${size}]]`;
    const chat = client.chat.completions.stream({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
    assert.equal(await chat.finalContent(), masked);
    const response = client.responses.stream({ model: 'gpt-4o', input: content });
    let joined = '';
    response.on('response.output_text.delta', ({ delta }) => (joined += delta));
    assert.equal((await response.finalResponse()).output_text, masked);
    assert.equal(joined, masked);
  }
});
