import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { freeRow } from '../harness/budget-rows.ts';
import { billedTokens, postJson } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';
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

function sixteenPairs(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`k${index}`, 'v']));
}
