import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { type GatedUpstream, startGatedUpstream } from '../harness/gated-upstream.ts';
import { metricSum, untilInFlight } from '../harness/metric-sums.ts';
import { openSocket } from '../harness/raw.ts';
import { until } from '../harness/redis.ts';
import { sentOnce } from '../harness/sent-once.ts';
import type { Sidecar } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';
import { type Answered, type PodsOptions, type StartPods, post } from './keyed-calls.ts';

/** Registers what calls with an Idempotency-Key may rely on, on whatever store. */
export function describeReplay(name: string, startPods: StartPods): void {
  describe(`calls with an Idempotency-Key, on ${name}`, () => {
    answersAgain(startPods);
    runningCalls(startPods);
    endings(startPods);
  });
}

const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };
const results = 'assistant_proxy_idempotent_requests_total';

interface Gated {
  readonly upstream: GatedUpstream;
  readonly one: Sidecar;
  readonly other: Sidecar;
}

async function startGated(
  t: TestContext,
  startPods: StartPods,
  options: Omit<PodsOptions, 'upstreamUrl'> = {},
): Promise<Gated> {
  const upstream = await startGatedUpstream(t);
  const [one, other] = await startPods(t, { upstreamUrl: upstream.url, ...options });
  return { upstream, one, other };
}

/** The first call, answered. */
async function answered({ one, upstream }: Gated): Promise<Answered> {
  const count = upstream.arrivals.length + 1;
  const call = post(one, chat);
  (await upstream.arrival(count)).answer();
  return call;
}

function assertSame(again: Answered, first: Answered): void {
  assert.deepEqual([again.status, again.text], [first.status, first.text]);
  assert.deepEqual([first.isReplayed, again.isReplayed], [false, true]);
  const without = ({ headers }: Answered) =>
    [...headers].filter(([name]) => !ownHeaders.has(name)).map(([name, value]) => `${name}: ${value}`);
  assert.deepEqual(without(again), without(first));
  const id = 'x-assistant-proxy-request-id';
  assert.notEqual(again.headers.get(id), first.headers.get(id), 'each has a request id of its own');
}

const ownHeaders = new Set(['idempotent-replayed', 'x-assistant-proxy-request-id']);

function answersAgain(startPods: StartPods): void {
  test('the same call again gets the same bytes, and only one goes upstream', async (t) => {
    const gated = await startGated(t, startPods);
    const { upstream, one, other } = gated;
    const first = await answered(gated);
    assertSame(await post(other, chat), first);
    assertSame(await post(one, chat), first);
    assert.equal(upstream.arrivals.length, 1);
    assert.equal(
      upstream.arrivals[0]!.headers['idempotency-key'],
      'key 1',
      'the upstream may have a use for it',
    );
    assert.equal(await metricSum(one, results, { result: 'begun' }), 1);
    const replayed = await Promise.all(
      [one, other].map((pod) => metricSum(pod, results, { result: 'replayed' })),
    );
    assert.ok(replayed[0]! >= 1 && replayed[1]! >= 1);
  });

  test('with another body or another path its key is refused, also while it runs', async (t) => {
    const { upstream, one, other } = await startGated(t, startPods);
    const running = post(one, chat);
    const arrival = await upstream.arrival(1);
    const isRefused = ({ status, code, headers, text }: Answered) => {
      assert.deepEqual([status, code], [409, 'idempotency_key_reused']);
      assert.equal(headers.get('x-should-retry'), 'false');
      assert.match(text, /use another key/);
      assert.doesNotMatch(text, /key 1/);
    };
    isRefused(await post(other, { ...chat, n: 2 }));
    arrival.answer();
    await running;
    isRefused(await post(other, { ...chat, n: 2 }));
    isRefused(await post(other, chat, { path: '/responses' }));
    isRefused(await post(other, chat, { path: '/chat/completions?a=b' }));
    assert.equal(upstream.arrivals.length, 1);
    assert.equal((await post(other, chat)).status, 200);
  });

  test('calls without a key, with an empty one, and those that are no POST are made each time', async (t) => {
    const { upstream, one } = await startGated(t, startPods);
    const calls = [
      post(one, chat, { key: '' }),
      post(one, chat, { key: '' }),
      ...['GET', 'GET'].map((method) =>
        fetch(`${one.url}/models`, { method, headers: { 'idempotency-key': 'key 1' } }),
      ),
    ];
    await upstream.arrival(4);
    for (const arrival of upstream.arrivals) arrival.answer();
    for (const { status, headers } of await Promise.all(calls)) {
      assert.deepEqual([status, headers.get('idempotent-replayed')], [200, null]);
    }
    assert.equal(await metricSum(one, results), 0);
  });

  test('a key that is too long, or no plain text, is refused before anything is sent', async (t) => {
    const { upstream, one } = await startGated(t, startPods);
    for (const key of ['k'.repeat(256), 'clé']) {
      const { status, code, text } = await post(one, chat, { key });
      assert.deepEqual([status, code], [400, 'invalid_value']);
      assert.match(text, /"param":"Idempotency-Key"/);
    }
    assert.equal(upstream.arrivals.length, 0);
    const longest = { key: 'k'.repeat(255) };
    const call = post(one, chat, longest);
    (await upstream.arrival(1)).answer();
    assertSame(await post(one, chat, longest), await call);
  });

  test('no key gets into the log', async (t) => {
    const gated = await startGated(t, startPods);
    await answered(gated);
    await post(gated.other, { ...chat, n: 2 });
    await post(gated.one, chat, { key: 'k'.repeat(256) });
    for (const pod of [gated.one, gated.other]) {
      assert.doesNotMatch(JSON.stringify(pod.logLines()), /key 1|kkk/);
    }
  });

  test('callers, organisations and applications have keys of their own', async (t) => {
    const key = (name: string, identity: string) =>
      `{ name: ${name}, key: ${name.padEnd(16, '-')}, identity: ${identity} }`;
    const keys = [key('a', '{ org: acme }'), key('b', '{ org: globex }'), key('c', '{ org: acme }')];
    const config = `{ auth: { keys: [${keys.join(', ')}] }, identity: { app: ['header:x-app'] } }`;
    const { upstream, one } = await startGated(t, startPods, { config });
    const call = (name: string, app: string) =>
      post(one, chat, { headers: { authorization: `Bearer ${name.padEnd(16, '-')}`, 'x-app': app } });
    const callers = [
      ['a', 'x'],
      ['b', 'x'],
      ['c', 'x'],
      ['a', 'y'],
    ] as const;
    for (const [index, [name, app]] of callers.entries()) {
      const first = call(name, app);
      (await upstream.arrival(index + 1)).answer(`{"prompt_tokens":${index},"completion_tokens":1}`);
      assert.equal((await first).isReplayed, false);
    }
    for (const [index, [name, app]] of callers.entries()) {
      const again = await call(name, app);
      assert.ok(again.isReplayed);
      assert.match(again.text, new RegExp(`"prompt_tokens":${index},`));
    }
    assert.equal(upstream.arrivals.length, 4);
  });

  test('another user may not send what was sent for the first, under its key', async (t) => {
    const config = `identity: { user: ['header:x-user'] }`;
    const { upstream, one } = await startGated(t, startPods, { config });
    const call = post(one, chat, { headers: { 'x-user': 'ann' } });
    (await upstream.arrival(1)).answer();
    await call;
    const { status, code } = await post(one, chat, { headers: { 'x-user': 'bob' } });
    assert.deepEqual([status, code], [409, 'idempotency_key_reused']);
  });
}

function runningCalls(startPods: StartPods): void {
  test('fifty at once are one call, and all get its answer', async (t) => {
    const { upstream, one, other } = await startGated(t, startPods);
    const calls = Array.from({ length: 50 }, (_, index) => post(index % 2 === 0 ? one : other, chat));
    const arrival = await upstream.arrival(1);
    const pods = new Set([one, other]);
    await until(async () => {
      const running = [...pods].map((pod) => metricSum(pod, 'assistant_proxy_requests_in_flight'));
      return (await Promise.all(running)).reduce((sum, count) => sum + count, 0) === 50;
    });
    arrival.answer();
    const all = await Promise.all(calls);
    assert.equal(upstream.arrivals.length, 1);
    assert.equal(new Set(all.map(({ status, text }) => `${status} ${text}`)).size, 1);
    assert.equal(all.filter(({ isReplayed }) => isReplayed).length, 49);
  });

  test('a stream is given again byte by byte, also to whoever comes while it runs', async (t) => {
    const { upstream, one, other } = await startGated(t, startPods);
    const streamed = { ...chat, stream: true };
    const first = post(one, streamed);
    const { response } = await upstream.arrival(1);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {"n":1}\n\nda');
    const waiting = post(other, streamed);
    await untilInFlight(other, one === other ? 2 : 1);
    response.write('ta: {"n":2}\n\n');
    response.end('data: [DONE]\n\n');
    const text = 'data: {"n":1}\n\ndata: {"n":2}\n\ndata: [DONE]\n\n';
    assert.equal((await first).text, text);
    for (const again of [await waiting, await post(one, streamed)]) {
      assertSame(again, await first);
      assert.match(String(again.headers.get('content-type')), /^text\/event-stream/);
    }
    assert.equal(upstream.arrivals.length, 1);
  });

  test('a call goes on when its caller leaves, who finds the answer when it comes back', async (t) => {
    const { upstream, one, other } = await startGated(t, startPods);
    const leaving = new AbortController();
    const left = post(one, chat, { signal: leaving.signal }).catch((error: Error) => error.name);
    const arrival = await upstream.arrival(1);
    leaving.abort();
    assert.equal(await left, 'AbortError');
    const back = post(other, chat);
    // Long enough for the sidecar to notice.
    await sleep(200);
    assert.equal(arrival.response.destroyed, false);
    arrival.answer();
    const { status, isReplayed } = await back;
    assert.deepEqual([status, isReplayed], [200, true]);
    assert.equal(upstream.arrivals.length, 1);
    const endings = one.logLines().map(({ ending }) => ending);
    assert.ok(endings.includes('aborted'), 'of the one that left the log says so');
  });

  test('whoever waits does not wait for a first caller that reads nothing', async (t) => {
    const { upstream, one, other } = await startGated(t, startPods);
    const socket = await openSocket(one.port);
    socket.pause();
    const body = JSON.stringify(chat);
    const head = ['POST /v1/chat/completions HTTP/1.1', 'host: x', 'content-type: application/json'];
    const rest = `idempotency-key: key 1\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    socket.write(`${head.join('\r\n')}\r\n${rest}`);
    const large = 'x'.repeat(8_000_000);
    (await upstream.arrival(1)).response.end(large);
    const { status, text, isReplayed } = await post(other, chat);
    socket.destroy();
    assert.deepEqual([status, isReplayed], [200, true]);
    assert.ok(text === large);
  });

  test('so does a stream that its caller leaves in the middle, however much of it is to come', async (t) => {
    const { upstream, one, other } = await startGated(t, startPods);
    const leaving = new AbortController();
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'key 1' };
    const init = { method: 'POST', headers, body: JSON.stringify(chat), signal: leaving.signal };
    const opening = fetch(`${one.url}/chat/completions`, init);
    const { response } = await upstream.arrival(1);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}\n\n');
    const reader = (await opening).body!.getReader();
    await reader.read();
    leaving.abort();
    const rest = `data: "${'x'.repeat(4_000_000)}"\n\n`;
    response.end(rest);
    const { status, text } = await post(other, chat);
    assert.equal(status, 200);
    assert.ok(text === `data: {}\n\n${rest}`);
    assert.equal(upstream.arrivals.length, 1);
  });

  test('whoever waits for an answer and leaves waits no longer, and nothing is lost by it', async (t) => {
    const { upstream, one, other } = await startGated(t, startPods);
    const first = post(one, chat);
    const arrival = await upstream.arrival(1);
    const leaving = new AbortController();
    const left = post(other, chat, { signal: leaving.signal }).catch((error: Error) => error.name);
    await untilInFlight(other, one === other ? 2 : 1);
    leaving.abort();
    assert.equal(await left, 'AbortError');
    await untilInFlight(other, one === other ? 1 : 0);
    assert.equal(await metricSum(other, results, { result: 'left' }), 1);
    arrival.answer();
    assertSame(await post(other, chat), await first);
  });
}

function endings(startPods: StartPods): void {
  const fail = (status: number, headers: Record<string, string> = {}, code = 'nope') => ({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ error: { message: 'no', type: 'x', param: null, code } }),
  });

  /** An upstream that answers the first call like this, and all others with 200. */
  async function startFailing(t: TestContext, answer: ReturnType<typeof fail>) {
    let calls = 0;
    const upstream = await startUpstream(t, (request, response) => {
      request.resume();
      calls += 1;
      if (calls === 1) response.writeHead(answer.status, answer.headers).end(answer.body);
      else response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    const [one, other] = await startPods(t, { upstreamUrl: upstream.url, env: sentOnce });
    return { one, other, calls: () => calls };
  }

  const notRun = [
    fail(409),
    fail(425),
    fail(429),
    fail(429, { 'x-should-retry': 'false' }),
    fail(500),
    fail(503),
    { ...fail(503, { 'retry-after': '1' }), body: '{"detail":"busy"}' },
    fail(504, { 'x-should-retry': 'true' }),
  ];
  for (const answer of notRun) {
    const how = `${answer.status} ${Object.keys(answer.headers).slice(1)}`;
    test(`what was answered with ${how.trim()} came to nothing, so the next one may run`, async (t) => {
      const { one, other, calls } = await startFailing(t, answer);
      assert.equal((await post(one, chat)).status, answer.status);
      const again = await post(other, chat);
      assert.deepEqual([again.status, again.isReplayed, calls()], [200, false, 2]);
      assert.deepEqual([(await post(one, chat)).isReplayed, calls()], [true, 2]);
    });
  }

  for (const status of [400, 401, 404, 422]) {
    test(`${status} is an answer as any other`, async (t) => {
      const { one, other, calls } = await startFailing(t, fail(status));
      const first = await post(one, chat);
      assert.equal(first.status, status);
      assertSame(await post(other, chat), first);
      assert.equal(calls(), 1);
    });
  }

  for (const answer of [
    fail(408),
    fail(502),
    { ...fail(503), body: '{"detail":"upstream connect error"}' },
    fail(504),
  ]) {
    const { status } = answer;
    test(`after ${status}, which a gateway answers, it may have run, and is not made again`, async (t) => {
      const { one, other, calls } = await startFailing(t, answer);
      const first = await post(one, chat);
      const again = await post(other, chat);
      assert.deepEqual([again.status, again.text, again.isReplayed], [status, first.text, true]);
      assert.equal(again.headers.get('x-should-retry'), 'false');
      assert.equal(calls(), 1);
    });
  }

  test('a call whose connection breaks before the answer may have run, and is not made again', async (t) => {
    const { upstream, one, other } = await startGated(t, startPods);
    const first = post(one, chat);
    (await upstream.arrival(1)).response.destroy();
    assert.deepEqual([(await first).status, (await first).code], [502, 'upstream_unreachable']);
    const again = await post(other, chat);
    assert.deepEqual([again.status, again.code, again.isReplayed], [502, 'upstream_unreachable', true]);
    assert.equal(again.headers.get('x-should-retry'), 'false');
    assert.match(again.text, /may have run.*Use another key/);
    assert.equal(upstream.arrivals.length, 1);
  });

  test('neither is one whose answer breaks off in the middle', async (t) => {
    const { upstream, one, other } = await startGated(t, startPods);
    const first = post(one, { ...chat, stream: true }).catch((error: Error) => error);
    const { response } = await upstream.arrival(1);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}\n\n');
    await until(async () => (await metricSum(one, results, { result: 'begun' })) === 1);
    response.destroy();
    assert.ok((await first) instanceof Error, 'its caller sees the cut');
    const again = await post(other, { ...chat, stream: true });
    assert.deepEqual([again.status, again.code, again.isReplayed], [502, 'upstream_unreachable', true]);
    assert.match(again.text, /broke off, and may have run\. Use another key/);
    assert.equal(again.headers.get('x-should-retry'), 'false');
    assert.equal(upstream.arrivals.length, 1);
  });

  test('an upstream that can not be connected to has run nothing', async (t) => {
    const { upstream, one, other } = await startGated(t, startPods, {
      env: { ASSISTANT_PROXY_UPSTREAM_BASE_URL: 'http://127.0.0.1:9/v1' },
    });
    for (const pod of [one, other, one]) {
      const { status, isReplayed } = await post(pod, chat);
      assert.deepEqual([status, isReplayed], [502, false]);
    }
    assert.equal(upstream.arrivals.length, 0);
  });

  test('an answer that is too large to be kept is told to whoever comes later, and not made again', async (t) => {
    const env = { ASSISTANT_PROXY_IDEMPOTENCY_MAX_ANSWER_BYTES: '100000' };
    const { upstream, one, other } = await startGated(t, startPods, { env });
    const large = 'x'.repeat(3_000_000);
    const first = post(one, chat);
    (await upstream.arrival(1)).response.end(large);
    assert.ok((await first).text === large, 'the first one gets all of it');
    const again = await post(other, chat);
    assert.deepEqual(
      [again.status, again.code, again.isReplayed],
      [409, 'idempotent_answer_too_large', true],
    );
    assert.match(again.text, /larger than idempotency\.maxAnswerBytes.*another key/);
    assert.equal(again.headers.get('x-should-retry'), 'false');
    const leaving = new AbortController();
    const left = post(one, chat, { key: 'left', signal: leaving.signal }).catch((error: Error) => error.name);
    const { response } = await upstream.arrival(2);
    response.write(large);
    await until(async () => response.writableLength > 0);
    leaving.abort();
    assert.equal(await left, 'AbortError');
    response.end(large);
    assert.equal((await post(other, chat, { key: 'left' })).code, 'idempotent_answer_too_large');
    const exact = post(one, chat, { key: 'key 2' });
    (await upstream.arrival(3)).response.end('y'.repeat(100_000));
    await exact;
    assert.equal((await post(other, chat, { key: 'key 2' })).text.length, 100_000);
    assert.equal(upstream.arrivals.length, 3);
  });
}
