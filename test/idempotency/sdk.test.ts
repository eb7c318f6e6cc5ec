import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import OpenAI, { toFile } from 'openai';

import { metricSum } from '../harness/metric-sums.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';

async function start(t: TestContext) {
  const standIn = await startStandIn();
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, { upstreamUrl: standIn.url });
  const client = new OpenAI({ baseURL: sidecar.url, apiKey: 'any', maxRetries: 3 });
  return { standIn, sidecar, client };
}

const headers = { 'Idempotency-Key': 'order 17' };
const chat = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hello' }] };

describe('an SDK with an Idempotency-Key', () => {
  test('does not multiply a call that failed and may have run, though the application tries again', async (t) => {
    const { standIn, sidecar, client } = await start(t);
    standIn.fail({ kind: 'reset', ran: true, operationPath: /chat/ });
    await assert.rejects(client.chat.completions.create(chat, { headers }), { status: 502 });
    assert.equal(standIn.requests.length, 1);
    const count = 'assistant_proxy_idempotent_requests_total';
    assert.equal(await metricSum(sidecar, count, { result: 'begun' }), 1);
    assert.equal(await metricSum(sidecar, count), 1, 'it was told not to try again');
    await assert.rejects(client.chat.completions.create(chat, { headers }), { status: 502 });
    assert.equal(standIn.requests.length, 1);
  });

  test('tries again what did not run, and gets its answer', async (t) => {
    const { standIn, client } = await start(t);
    standIn.fail({ kind: 'status', status: 429, retryAfterMs: 1, operationPath: /chat/ });
    const { id } = await client.chat.completions.create(chat, { headers });
    assert.equal((await client.chat.completions.create(chat, { headers })).id, id);
    assert.equal(standIn.requests.length, 2);
  });

  test('streams the same chunks again, and uploads a file once', async (t) => {
    const { standIn, client } = await start(t);
    const stream = async () => {
      const chunks: unknown[] = [];
      const streamed = await client.chat.completions.create({ ...chat, stream: true }, { headers });
      for await (const chunk of streamed) chunks.push(chunk);
      return chunks;
    };
    const chunks = await stream();
    assert.ok(chunks.length > 1);
    assert.deepEqual(await stream(), chunks);
    const send = async () =>
      client.files.create(
        { file: await toFile(Buffer.from('content'), 'a.txt'), purpose: 'assistants' },
        { headers: { 'Idempotency-Key': 'file 1' } },
      );
    assert.equal((await send()).id, (await send()).id);
    assert.equal(standIn.requests.length, 2);
  });
});
