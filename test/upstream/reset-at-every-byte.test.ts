import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';

import { openSocket } from '../harness/raw.ts';
import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { startSocketUpstream } from '../harness/upstream.ts';
import { withStandIn } from '../stand-in/with-stand-in.ts';
import { type ReadAnswer, type RecordedAnswer, readAnswer, recordAnswer } from './recorded-answer.ts';

const callsAtOnce = 24;

/** With every retry there may be; the circuit would open at once. */
const config = 'retry: { baseMs: 1, budgetPercent: 100 }\ncircuit: { minCalls: 1000000 }';

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
}

const messages = [{ role: 'user', content: '[[say:Hi]]' }];
const stream_options = { include_usage: true, include_obfuscation: false };
const calls: Readonly<Record<string, Call>> = {
  'a chat stream': {
    method: 'POST',
    path: '/chat/completions',
    body: { model: 'gpt-4o', messages, stream: true, stream_options },
  },
  'a Responses stream': {
    method: 'POST',
    path: '/responses',
    body: { model: 'gpt-4o', input: '[[say:Hi]]', stream: true },
  },
  'a chat completion': { method: 'POST', path: '/chat/completions', body: { model: 'gpt-4o', messages } },
  'a Response': { method: 'POST', path: '/responses', body: { model: 'gpt-4o', input: '[[say:Hi]]' } },
};
const lookUp: Call = { method: 'GET', path: '/models/gpt-4o' };

/** Every byte at once, and some of them when the beginning of a stream is held back no longer. */
const resets: readonly (readonly [name: string, reset: Reset])[] = [
  // A reset overtakes what the kernel has not delivered yet.
  ['any byte', { afterMs: 2, stepBytes: 1 }],
  ['any byte, after a while', { afterMs: 250, stepBytes: 29 }],
];
const everyByte = resets[0]![1];
const cases = Object.entries(calls).flatMap((call) => resets.map((reset) => [...call, ...reset] as const));

for (const [name, call, where, reset] of cases) {
  test(`${name} that is reset at ${where} is an error or a true beginning, and asked for once`, async (t) => {
    const { recorded, endings } = await resetEverywhere(t, call, reset);
    for (const { sentBytes, answer, upstreamCalls } of endings) {
      const at = `reset at ${sentBytes} of ${recorded.bytes.length}: ${answer.status}`;
      assert.equal(upstreamCalls, 1, at);
      if (answer.status === 502) assertTold(answer, at);
      else assertBeginning(answer, recorded, sentBytes, at);
    }
    assertBothCame(t, endings, recorded, reset);
  });
}

test('a look-up that is reset before its answer has begun is made again, and never afterwards', async (t) => {
  const { recorded, endings } = await resetEverywhere(t, lookUp, everyByte);
  for (const { sentBytes, answer, upstreamCalls } of endings) {
    const where = `reset at ${sentBytes} of ${recorded.bytes.length}: ${answer.status}`;
    if (upstreamCalls > 1) {
      assert.ok(sentBytes <= recorded.bodyAt, where);
      assert.deepEqual([answer.status, answer.isWhole, upstreamCalls], [200, true, 2], where);
      assert.ok(answer.body.equals(recorded.body), where);
    } else assertBeginning(answer, recorded, sentBytes, where);
  }
  assert.ok(endings.filter(({ upstreamCalls }) => upstreamCalls === 2).length > recorded.bodyAt / 2);
});

interface Ending {
  readonly sentBytes: number;
  readonly answer: ReadAnswer;
  readonly upstreamCalls: number;
}

interface Reset {
  /** How long what was sent is left alone. */
  readonly afterMs: number;
  readonly stepBytes: number;
}

/** One call for each number of bytes, or for some, from none to all of them. */
async function resetEverywhere(t: TestContext, call: Call, { afterMs, stepBytes }: Reset) {
  const { standIn } = await withStandIn(t, { deterministic: true, apiKey: upstreamKey });
  const recorded = await recordAnswer(
    standIn.port,
    requestOf(call, `authorization: Bearer ${upstreamKey}\r\n`),
  );
  const seen = new Map<number, number>();
  const upstream = await startSocketUpstream(t, (socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (!isWholeRequest(text)) return;
      const sentBytes = Number(/^x-reset-at: (\d+)\r$/im.exec(text)![1]);
      text = '';
      const before = seen.get(sentBytes) ?? 0;
      seen.set(sentBytes, before + 1);
      if (before > 0) return void socket.write(recorded.bytes);
      socket.write(recorded.bytes.subarray(0, sentBytes), () =>
        setTimeout(() => socket.resetAndDestroy(), afterMs),
      );
    });
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  const endings: Ending[] = [];
  let next = 0;
  const callAfterCall = async () => {
    while (next <= recorded.bytes.length) {
      const sentBytes = next;
      next += stepBytes;
      const request = requestOf(call, `connection: close\r\nx-reset-at: ${sentBytes}\r\n`);
      const answer = readAnswer(await allOf(sidecar.port, request));
      endings.push({ sentBytes, answer, upstreamCalls: seen.get(sentBytes) ?? 0 });
    }
  };
  await Promise.all(Array.from({ length: callsAtOnce }, callAfterCall));
  return { recorded, endings };
}

function requestOf({ method, path, body }: Call, headers: string): string {
  const text = body ? JSON.stringify(body) : '';
  const ofBody = body ? `content-type: application/json\r\ncontent-length: ${text.length}\r\n` : '';
  return `${method} /v1${path} HTTP/1.1\r\nhost: x\r\n${headers}${ofBody}\r\n${text}`;
}

function isWholeRequest(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  const length = Number(/^content-length: (\d+)\r$/im.exec(text)?.[1] ?? 0);
  return headEnd !== -1 && text.length >= headEnd + 4 + length;
}

async function allOf(port: number, request: string): Promise<Buffer> {
  const socket = await openSocket(port);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {});
  socket.write(request);
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

/** OpenAI's SDKs must not take the call up again: nobody knows whether it ran. */
function assertTold({ headers, body }: ReadAnswer, where: string): void {
  const { error } = JSON.parse(body.toString()) as { error: Record<string, unknown> };
  assert.deepEqual(Object.keys(error).toSorted(), ['code', 'message', 'param', 'type'], where);
  assert.equal(error['code'], 'upstream_unreachable', where);
  assert.equal(headers.get('x-should-retry'), 'false', where);
}

function assertBeginning(
  answer: ReadAnswer,
  recorded: RecordedAnswer,
  sentBytes: number,
  where: string,
): void {
  assert.equal(answer.status, 200, where);
  const sent = readAnswer(recorded.bytes.subarray(0, sentBytes));
  assert.ok(answer.body.length <= sent.body.length, where);
  assert.ok(answer.body.equals(recorded.body.subarray(0, answer.body.length)), where);
  assert.equal(answer.isWhole, sent.isWhole, where);
}

/** Most of what the upstream sent must have arrived, or this would be a test of errors alone. */
function assertBothCame(
  t: TestContext,
  endings: readonly Ending[],
  { bytes, bodyAt }: RecordedAnswer,
  { stepBytes }: Reset,
): void {
  const told = endings.filter(({ answer }) => answer.status === 502).length;
  const begun = endings.filter(({ answer }) => answer.body.length > 0 && answer.status === 200).length;
  t.diagnostic(`${endings.length} resets: ${told} errors, ${begun} beginnings`);
  assert.equal(endings.length, Math.floor(bytes.length / stepBytes) + 1);
  assert.ok(told * stepBytes >= bodyAt / 2 && begun * stepBytes > (bytes.length - bodyAt) / 4);
}
