import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { APIError, OpenAI } from 'openai';

import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { startSocketUpstream } from '../harness/upstream.ts';
import type { Fault, StandIn } from '../stand-in/stand-in.ts';
import { withStandIn } from '../stand-in/with-stand-in.ts';

/** Waits are short, and no circuit gets in the way. */
const config = `
retry: { baseMs: 1, maxMs: 2000 }
circuit: { minCalls: 1000000 }
timeouts:
  generation: { firstByteMs: 400, idleMs: 400 }
  lookup: { firstByteMs: 400, idleMs: 400 }
`;
/** Nothing here takes so long; whoever is still waiting then would wait for ever. */
const forEverMs = 20_000;

async function startBehind(t: TestContext): Promise<{ standIn: StandIn; client: OpenAI }> {
  const { standIn } = await withStandIn(t, { apiKey: upstreamKey });
  return { standIn, client: await clientOf(t, standIn.url) };
}

/** The SDK as applications have it, with its own retries. */
async function clientOf(t: TestContext, upstreamUrl: string): Promise<OpenAI> {
  const sidecar = await startSidecar(t, { upstreamUrl, config });
  return new OpenAI({ baseURL: sidecar.url, apiKey: 'sk-unused', timeout: forEverMs });
}

const chat = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hello [[words:200]]' }] };

type Told = 'answer' | 'cut' | number;

/** What an application is told in the end: the answer, the status of an error, or that its answer was cut. */
const calls: Readonly<Record<string, (client: OpenAI) => Promise<Told>>> = {
  'a chat completion': (client) => toldBy(client.chat.completions.create(chat)),
  'a chat stream': (client) => toldBy(client.chat.completions.create({ ...chat, stream: true })),
  'a Response': (client) =>
    toldBy(client.responses.create({ model: 'gpt-4o', input: 'Hello [[words:200]]' })),
  'a Responses stream': (client) =>
    toldBy(client.responses.create({ model: 'gpt-4o', input: 'Hello [[words:200]]', stream: true })),
};

async function toldBy(call: Promise<object>): Promise<Told> {
  try {
    const answer = await call;
    if (Symbol.asyncIterator in answer) for await (const _ of answer as AsyncIterable<unknown>);
    return 'answer';
  } catch (error) {
    return error instanceof APIError && error.status !== undefined ? error.status : 'cut';
  }
}

interface Trouble {
  readonly title: string;
  readonly fault: Fault;
  /** For what is not streamed, and for streams. */
  readonly told: readonly [plain: Told, streamed: Told];
  readonly upstreamCalls: number;
  readonly billed: readonly [plain: number, streamed: number];
}

const troubles: readonly Trouble[] = [
  {
    title: 'that is never answered, and runs,',
    fault: { kind: 'silence', ran: true },
    told: [504, 504],
    upstreamCalls: 1,
    billed: [1, 1],
  },
  {
    title: 'of which only the headers come',
    fault: { kind: 'headersThenSilence' },
    told: ['cut', 504],
    upstreamCalls: 1,
    billed: [1, 0],
  },
  {
    title: 'whose answer falls silent in its middle',
    fault: { kind: 'silenceAfter', bytes: 1500 },
    told: ['cut', 'cut'],
    upstreamCalls: 1,
    billed: [1, 1],
  },
  {
    title: 'that is reset, and ran,',
    fault: { kind: 'reset', ran: true },
    told: [502, 502],
    upstreamCalls: 1,
    billed: [1, 1],
  },
  {
    title: 'whose Retry-After is negative',
    fault: { kind: 'status', code: 'server_is_overloaded', retryAfterSeconds: -5 },
    told: ['answer', 'answer'],
    upstreamCalls: 2,
    billed: [1, 1],
  },
  {
    title: 'whose Retry-After is a date in the past',
    fault: { kind: 'status', code: 'rate_limit_exceeded', retryAfterDateSeconds: -86_400 },
    told: ['answer', 'answer'],
    upstreamCalls: 2,
    billed: [1, 1],
  },
  {
    title: 'whose Retry-After is a year ahead',
    fault: { kind: 'status', code: 'rate_limit_exceeded', retryAfterSeconds: 31_536_000 },
    told: [429, 429],
    upstreamCalls: 1,
    billed: [0, 0],
  },
  {
    title: 'whose Retry-After is a date a year ahead',
    fault: { kind: 'status', code: 'server_is_overloaded', retryAfterDateSeconds: 31_536_000 },
    told: [503, 503],
    upstreamCalls: 1,
    billed: [0, 0],
  },
  {
    title: 'whose Retry-After is no number',
    fault: { kind: 'status', code: 'server_is_overloaded', retryAfterSeconds: Number.NaN },
    told: ['answer', 'answer'],
    upstreamCalls: 2,
    billed: [1, 1],
  },
];

for (const { title, fault, ...expected } of troubles) {
  for (const [name, call] of Object.entries(calls)) {
    const index = name.endsWith('stream') ? 1 : 0;
    test(`${name} ${title} is billed as its caller is told`, async (t) => {
      const { standIn, client } = await startBehind(t);
      standIn.fail(fault);
      const told = await call(client);
      const billed = standIn.requests.filter(({ usage }) => usage).length;
      assert.deepEqual(
        { told, upstreamCalls: standIn.requests.length, billed },
        { told: expected.told[index], upstreamCalls: expected.upstreamCalls, billed: expected.billed[index] },
      );
    });
  }
}

test('a look-up that is never answered is made again, and ends in time where nobody ever answers', async (t) => {
  const { standIn, client } = await startBehind(t);
  standIn.fail({ kind: 'silence', times: 2 });
  assert.equal(await toldBy(client.models.list()), 'answer');
  assert.equal(standIn.requests.length, 3);
  standIn.fail({ kind: 'silence', times: 100 });
  assert.equal(await toldBy(client.models.list()), 504);
  assert.equal(standIn.requests.length, 6);
});

/** Calls that are numbered by their model, each answered with its own number. */
async function startNumbered(t: TestContext, isAnswered: (callsOfSocket: number) => boolean, copies: number) {
  const seen: string[] = [];
  const upstream = await startSocketUpstream(t, (socket) => {
    let callsOfSocket = 0;
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const headEnd = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (headEnd === -1 || text.length < headEnd + 4 + length) return;
      const model = /"model":"([^"]+)"/.exec(text)?.[1] ?? /^GET \S*\/(\S+) /.exec(text)?.[1] ?? '';
      text = '';
      seen.push(model);
      callsOfSocket += 1;
      if (!isAnswered(callsOfSocket)) return socket.destroy();
      const body = JSON.stringify({ id: model, object: 'chat.completion', model, choices: [] });
      const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
      for (let copy = 0; copy < copies; copy += 1) socket.write(head + body);
    });
  });
  return { client: await clientOf(t, upstream.url), seen };
}

test('where every connection is closed as it is used again, look-ups pass and generations are asked for once', async (t) => {
  const { client, seen } = await startNumbered(t, (callsOfSocket) => callsOfSocket === 1, 1);
  const told: Told[] = [];
  for (let number = 1; number <= 4; number += 1) {
    assert.equal((await client.models.retrieve(`look-${number}`)).id, `look-${number}`);
    told.push(await toldBy(client.chat.completions.create({ ...chat, model: `chat-${number}` })));
  }
  const generations = seen.filter((model) => model.startsWith('chat-'));
  assert.deepEqual(generations, ['chat-1', 'chat-2', 'chat-3', 'chat-4']);
  assert.ok(
    told.every((one) => one === 'answer' || one === 502),
    String(told),
  );
  assert.ok(told.includes(502));
});

test('where every answer comes twice on its connection, nobody gets that of another call', async (t) => {
  const { client, seen } = await startNumbered(t, () => true, 2);
  for (let number = 1; number <= 20; number += 1) {
    const { model } = await client.chat.completions.create({ ...chat, model: `chat-${number}` });
    assert.equal(model, `chat-${number}`);
  }
  assert.equal(seen.length, 20);
});
