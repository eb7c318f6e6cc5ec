import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';

import { freeRow } from '../harness/budget-rows.ts';
import { billedTokens, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { type Fault, type StandInOptions, startStandIn } from '../stand-in/stand-in.ts';

const markKey = 'assistant_proxy_call';

async function startBefore(t: TestContext, options: StandInOptions, lookUp = 'responses') {
  const standIn = await startStandIn(options);
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, {
    upstreamUrl: standIn.url,
    config: `
retry: { baseMs: 1, lookUp: ${lookUp} }
budgets: [{ name: day, limit: { tokens: 1000000 }, window: { every: day } }]
`,
  });
  return {
    standIn,
    sidecar,
    post: (path: string, body: object) => postJson(`${sidecar.url}${path}`, { model: 'gpt-4o', ...body }),
    posts: () => standIn.requests.filter(({ method }) => method === 'POST').length,
  };
}

const lost: Fault = { kind: 'reset', ran: true, method: 'POST' };
const never: Fault = { kind: 'reset', ran: false, method: 'POST' };
const input = 'Hello [[words:20]]';
const stored = { store: true, messages: [{ role: 'user', content: input }] };

test('a Response whose answer was lost is found, and is the answer; it is generated and charged once', async (t) => {
  const { standIn, sidecar, post, posts } = await startBefore(t, { listsResponses: true });
  standIn.fail(lost);
  const answer = await post('/responses', { input, metadata: { mine: '1' } });
  assert.equal(answer.status, 200);
  const response = (await answer.json()) as { id: string; status: string; metadata: Record<string, string> };
  assert.equal(response.status, 'completed');
  assert.equal(response.metadata['mine'], '1');
  assert.match(response.metadata[markKey]!, /^req_/);
  assert.equal(posts(), 1);
  assert.equal((await freeRow(sidecar, { name: 'day' })).used, billedTokens(standIn));
});

test('one that still runs is waited for', async (t) => {
  const { standIn, post, posts } = await startBefore(t, { listsResponses: true });
  standIn.fail(lost);
  const answer = await post('/responses', { input: `${input} [[thinkMs:1500]]` });
  assert.equal(answer.status, 200);
  assert.equal(((await answer.json()) as { status: string }).status, 'completed');
  assert.equal(posts(), 1);
});

test('one that never began is sent again', async (t) => {
  const { standIn, sidecar, post, posts } = await startBefore(t, { listsResponses: true });
  standIn.fail(never);
  assert.equal((await post('/responses', { input })).status, 200);
  assert.equal(posts(), 2);
  assert.equal((await freeRow(sidecar, { name: 'day' })).used, billedTokens(standIn));
});

test('a stream can not be told twice: its caller hears where the answer is', async (t) => {
  const { standIn, post, posts } = await startBefore(t, { listsResponses: true });
  standIn.fail(lost);
  const answer = await post('/responses', { input, stream: true });
  assert.deepEqual([answer.status, answer.headers.get('x-should-retry')], [502, 'false']);
  assert.match(await answer.text(), /retrieve resp_\w+/);
  assert.equal(posts(), 1);
  standIn.fail(never);
  assert.equal((await post('/responses', { input, stream: true })).status, 200);
  assert.equal(posts(), 3);
});

test('a stored chat completion is found by its metadata; one that is not found may still run', async (t) => {
  const { standIn, sidecar, post, posts } = await startBefore(t, {}, 'stored');
  standIn.fail(lost);
  const answer = await post('/chat/completions', stored);
  assert.equal(answer.status, 200);
  assert.equal(((await answer.json()) as { object: string }).object, 'chat.completion');
  assert.equal(posts(), 1);
  assert.equal((await freeRow(sidecar, { name: 'day' })).used, billedTokens(standIn));
  standIn.fail(never);
  const unknown = await post('/chat/completions', stored);
  assert.deepEqual([unknown.status, unknown.headers.get('x-should-retry')], [502, 'false']);
  assert.equal(posts(), 2);
});

test('where the upstream can not be asked, the caller gets the failure, and nothing is sent again', async (t) => {
  for (const [options, lookUp, path, body] of [
    // As OpenAI is: it has no such list.
    [{}, 'responses', '/responses', { input }],
    [{ listsResponses: true }, 'never', '/responses', { input }],
    [{ listsResponses: true }, 'stored', '/responses', { input }],
    [{ listsResponses: true }, 'responses', '/responses', { input, store: false }],
    [{}, 'stored', '/chat/completions', { messages: stored.messages }],
    // There is no room for the mark.
    [{ listsResponses: true }, 'responses', '/responses', { input, metadata: sixteenPairs() }],
  ] as const) {
    const { standIn, post, posts } = await startBefore(t, options, lookUp);
    for (const fault of [lost, never]) {
      standIn.fail(fault);
      const answer = await post(path, body);
      assert.deepEqual([answer.status, answer.headers.get('x-should-retry')], [502, 'false']);
    }
    assert.equal(posts(), 2);
    assert.ok(!JSON.stringify(standIn.requests).includes(markKey) || lookUp === 'responses');
  }
});

test('nothing is marked unless it may be looked up', async (t) => {
  const { post } = await startBefore(t, { listsResponses: true }, 'never');
  const answer = (await (await post('/responses', { input })).json()) as { metadata: object };
  assert.deepEqual(answer.metadata, {});
});

test("a mark that an application has copied is not its call's", async (t) => {
  for (const [lookUp, more] of [
    ['responses', { store: false }],
    ['never', {}],
    ['stored', {}],
  ] as const) {
    const { standIn, post, posts } = await startBefore(t, { listsResponses: true }, lookUp);
    const copied = { metadata: { [markKey]: 'req_1&limit=1' } };
    await (await post('/responses', { input: 'An old question', ...copied })).text();
    standIn.fail(lost);
    const answer = await post('/responses', { input, ...copied, ...more });
    assert.equal(answer.status, 502);
    assert.equal(posts(), 2);
  }
});

test('a mark that was copied is replaced, also where there is no room for another pair', async (t) => {
  const { standIn, post, posts } = await startBefore(t, { listsResponses: true });
  const { k0: _, ...others } = sixteenPairs();
  standIn.fail(lost);
  const answer = await post('/responses', { input, metadata: { ...others, [markKey]: 'req_old' } });
  assert.equal(answer.status, 200);
  assert.match(((await answer.json()) as Marked).metadata[markKey]!, /^req_[\da-f-]{36}$/);
  assert.equal(posts(), 1);
});

/** An upstream that loses the answer to what is posted, and lists as the test says. */
async function startListing(
  t: TestContext,
  list: (query: URLSearchParams, posts: number) => unknown,
  config = '',
) {
  const seen = { posts: 0, lists: 0 };
  const upstream = await startUpstream(t, async (request, response) => {
    if (request.method === 'POST') {
      seen.posts += 1;
      await readText(request);
      return response.destroy();
    }
    seen.lists += 1;
    const listed = list(new URL(request.url!, 'http://x').searchParams, seen.posts);
    if (typeof listed === 'function') return (listed as (to: ServerResponse) => unknown)(response);
    return answerJson(response, listed);
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: `
retry: { baseMs: 1, lookUp: responses }
budgets: [{ name: day, limit: { tokens: 1000000 }, window: { every: day } }]
${config}
`,
  });
  const post = (init: RequestInit = {}) =>
    postJson(`${sidecar.url}/responses`, { model: 'gpt-4o', input: 'Hi', max_output_tokens: 100 }, init);
  return { seen, sidecar, post };
}

const others = (createdAt: number) =>
  Array.from({ length: 20 }, (_, index) => ({ id: `resp_${index}`, created_at: createdAt, metadata: {} }));

test('a list that does not go back to before the call says nothing of it', async (t) => {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const busy = await startListing(t, () => ({ data: others(nowSeconds + 5), has_more: true }));
  assert.equal((await busy.post()).status, 502);
  // Five pages, four times.
  assert.deepEqual(busy.seen, { posts: 1, lists: 20 });
  const old = await startListing(t, () => ({ data: others(nowSeconds - 3600), has_more: true }));
  assert.equal((await old.post()).status, 502);
  assert.equal(old.seen.posts, 3, 'it never began, and is sent again');
});

test('one that its caller leaves while it is looked up may have run', async (t) => {
  const { seen, sidecar, post } = await startListing(t, () => () => {});
  const caller = new AbortController();
  const left = post({ signal: caller.signal });
  await until(async () => seen.lists === 1);
  caller.abort();
  await assert.rejects(left);
  assert.ok((await freeRow(sidecar, { name: 'day' })).used > 0);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_upstream_calls_running'), 0);
});

test('under its Idempotency-Key it is not made again either', async (t) => {
  const silent = () => (to: ServerResponse) => void to.writeHead(200).write('{');
  const { seen, post } = await startListing(t, silent, 'timeouts: { generation: { wholeMs: 1000 } }');
  const headers = { 'idempotency-key': 'order 1' };
  const caller = new AbortController();
  const left = post({ signal: caller.signal, headers });
  await until(async () => seen.lists === 1);
  caller.abort();
  await assert.rejects(left);
  const again = await post({ headers });
  assert.deepEqual([again.status, again.headers.get('x-should-retry')], [502, 'false']);
  assert.equal(again.headers.get('idempotent-replayed'), 'true');
  assert.equal(seen.posts, 1);
});

test('an upstream that errs while it is asked leaves no place taken', async (t) => {
  let asked = 0;
  const { sidecar, post } = await startListing(t, () => {
    asked += 1;
    if (asked % 2 === 0) return { data: others(1), has_more: false };
    return (to: ServerResponse) => answerJson(to, { error: {} }, 500);
  });
  await post();
  await until(async () => (await metricSum(sidecar, 'assistant_proxy_upstream_calls_running')) === 0);
});

interface Marked {
  readonly metadata: Record<string, string>;
}

function sixteenPairs(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`k${index}`, 'v']));
}
