import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { startServed } from '../harness/served.ts';
import { type Answered, post } from './keyed-calls.ts';

async function start(t: TestContext) {
  const { sidecar, standIn } = await startServed(t, { backend: 'responses' });
  const idOf = ({ text }: Answered) => (JSON.parse(text) as { id: string }).id;
  const make = async (path: string, body: object) => idOf(await post(sidecar, body, { path, key: '' }));
  const count = async (path: string): Promise<number> => {
    const headers = { 'openai-beta': 'assistants=v2' };
    const { data } = (await (await fetch(`${sidecar.url}${path}`, { headers })).json()) as {
      data: unknown[];
    };
    return data.length;
  };
  const modelCalls = () => standIn.requests.filter(({ path }) => path === '/v1/responses').length;
  const assistant_id = await make('/assistants', { model: 'gpt-4o' });
  return { sidecar, make, count, idOf, modelCalls, assistant_id };
}

const hello = { role: 'user', content: '[[words:20]]' };

describe('the Assistants API that is served here, with an Idempotency-Key', () => {
  test('creates one thread, one message and one assistant, however often it is asked', async (t) => {
    const { sidecar, count, idOf } = await start(t);
    const ask = (path: string, body: object) => {
      const call = { path, key: path };
      return Promise.all([post(sidecar, body, call), post(sidecar, body, call), post(sidecar, body, call)]);
    };
    const threads = await ask('/threads', { messages: [hello] });
    assert.equal(new Set(threads.map(({ text }) => text)).size, 1);
    const messages = `/threads/${idOf(threads[0])}/messages`;
    const made = await ask(messages, hello);
    assert.equal(new Set(made.map(({ text }) => text)).size, 1);
    assert.equal(await count(messages), 2);
    await ask('/assistants', { model: 'gpt-4o' });
    assert.equal(await count('/assistants'), 2);
  });

  for (const stream of [false, true]) {
    test(`begins one run, ${stream ? 'with a stream' : 'without one'}`, async (t) => {
      const { sidecar, make, count, modelCalls, assistant_id } = await start(t);
      const threadId = await make('/threads', { messages: [hello] });
      const path = `/threads/${threadId}/runs`;
      const body = { assistant_id, stream };
      const [one, two] = await Promise.all([post(sidecar, body, { path }), post(sidecar, body, { path })]);
      const three = await post(sidecar, body, { path });
      for (const again of [two, three]) assert.deepEqual([again.status, again.text], [200, one.text]);
      assert.deepEqual([one.isReplayed, two.isReplayed].sort(), [false, true]);
      if (stream) assert.match(one.text, /thread\.run\.completed[\s\S]*\[DONE\]\n\n$/);
      assert.deepEqual([await count(path), three.isReplayed], [1, true]);
      if (stream) assert.equal(modelCalls(), 1);
    });
  }

  test('goes on with a streamed run whose caller has left, and gives it the whole stream', async (t) => {
    const { sidecar, make, modelCalls, assistant_id } = await start(t);
    const slow = { role: 'user', content: '[[words:30]][[delayMs:10]]' };
    const path = `/threads/${await make('/threads', { messages: [slow] })}/runs`;
    const body = { assistant_id, stream: true };
    const leaving = new AbortController();
    const headers = {
      'content-type': 'application/json',
      'openai-beta': 'assistants=v2',
      'idempotency-key': 'key 1',
    };
    const init = { method: 'POST', headers, body: JSON.stringify(body), signal: leaving.signal };
    await (await fetch(`${sidecar.url}${path}`, init)).body!.getReader().read();
    leaving.abort();
    const { text, isReplayed } = await post(sidecar, body, { path });
    assert.ok(isReplayed);
    assert.match(text, /^event: thread\.run\.created[\s\S]*thread\.run\.completed[\s\S]*\[DONE\]\n\n$/);
    assert.equal(modelCalls(), 1);
  });

  test('a refusal created nothing, so the next one may', async (t) => {
    const { sidecar, make, assistant_id } = await start(t);
    const path = `/threads/${await make('/threads', { messages: [hello] })}/runs`;
    const { status, isReplayed } = await post(sidecar, { assistant_id: 'asst_none' }, { path });
    assert.deepEqual([status, isReplayed], [404, false]);
    const next = await post(sidecar, { assistant_id }, { path });
    assert.deepEqual([next.status, next.isReplayed], [200, false]);
  });
});
