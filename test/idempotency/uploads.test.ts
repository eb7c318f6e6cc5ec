import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { openSocket, sendRaw } from '../harness/raw.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, startUpstream } from '../harness/upstream.ts';
import { startStandIn } from '../stand-in/stand-in.ts';
import { post, upload } from './keyed-calls.ts';

async function start(t: TestContext) {
  const standIn = await startStandIn();
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, { upstreamUrl: standIn.url });
  const uploads = () => standIn.requests.filter(({ path }) => path === '/v1/files');
  return { standIn, sidecar, uploads };
}

const large = 'x'.repeat(3_000_000);

describe('uploads with an Idempotency-Key', () => {
  test('the same upload again is one, whatever boundary its client has drawn', async (t) => {
    const { sidecar, uploads } = await start(t);
    const first = await upload(sidecar, large);
    assert.equal(first.status, 200);
    const again = await upload(sidecar, large);
    assert.deepEqual([again.status, again.text, again.isReplayed], [200, first.text, true]);
    assert.equal(uploads().length, 1);
  });

  test('what passes is what was sent, to the byte', async (t) => {
    const { sidecar } = await start(t);
    const sent = randomBytes(450_000).toString('hex');
    const { text } = await upload(sidecar, sent);
    const { id } = JSON.parse(text) as { id: string };
    const content = await (await fetch(`${sidecar.url}/files/${id}/content`)).text();
    const sha = (of: string) => createHash('sha256').update(of).digest('hex');
    assert.equal(sha(content), sha(sent));
  });

  test('another content is refused, and so is what is no upload', async (t) => {
    const { sidecar, uploads } = await start(t);
    await upload(sidecar, large);
    for (const other of [`${large}x`, large.replace('x', 'y'), '']) {
      const { status, code } = await upload(sidecar, other);
      assert.deepEqual([status, code], [409, 'idempotency_key_reused']);
    }
    assert.equal((await post(sidecar, {})).code, 'idempotency_key_reused');
    assert.equal(uploads().length, 1);
  });

  test('of ten at once one goes upstream', async (t) => {
    const { sidecar, uploads } = await start(t);
    const all = await Promise.all(Array.from({ length: 10 }, () => upload(sidecar, large)));
    assert.equal(new Set(all.map(({ status, text }) => `${status} ${text}`)).size, 1);
    assert.equal(all.filter(({ isReplayed }) => isReplayed).length, 9);
    assert.equal(uploads().length, 1);
  });

  test('one that waited for a first that did not run is sent itself, whole', async (t) => {
    const { standIn, sidecar, uploads } = await start(t);
    standIn.fail({ kind: 'status', status: 429, operationPath: /files/ });
    const [first, second] = await Promise.all([upload(sidecar, large), upload(sidecar, large)]);
    assert.deepEqual([first.status, second.status].sort(), [200, 429]);
    const ran = first.status === 200 ? first : second;
    assert.equal((JSON.parse(ran.text) as { bytes: number }).bytes, large.length);
    assert.equal(uploads().length, 2);
  });

  test('so is one that waited for long, while it was known what the first had sent', async (t) => {
    const upstream = await startGatedUpstream(t);
    const leaseMs = 1000;
    const env = { ASSISTANT_PROXY_STORE_LEASE_MS: `${leaseMs}` };
    const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, env });
    const first = upload(sidecar, large);
    const { response } = await upstream.arrival(1);
    const second = upload(sidecar, large);
    // The store hears of it with the first renewal.
    await sleep(leaseMs);
    answerJson(response, { error: { message: 'no', type: 'x', param: null, code: 'no' } }, 429);
    assert.equal((await first).status, 429);
    const { text, answer } = await upstream.arrival(2);
    assert.ok(text.includes(large));
    answer();
    assert.deepEqual([(await second).status, (await second).isReplayed], [200, false]);
  });

  test('one whose caller leaves in the middle of it has not run, and may be sent again', async (t) => {
    const { sidecar, uploads } = await start(t);
    const socket = await openSocket(sidecar.port);
    const head = ['POST /v1/files HTTP/1.1', 'host: x', 'content-type: multipart/form-data; boundary=b'];
    socket.write(`${head.join('\r\n')}\r\nidempotency-key: key 1\r\ncontent-length: 100000\r\n\r\n--b\r\n`);
    await until(async () => uploads().length === 1);
    socket.resetAndDestroy();
    await once(socket, 'close');
    const { status, isReplayed } = await upload(sidecar, large);
    assert.deepEqual([status, isReplayed], [200, false]);
  });

  test('one that is answered before its end is answered so again, whatever was to come', async (t) => {
    let calls = 0;
    const upstream = await startUpstream(t, (_request, response) => {
      calls += 1;
      answerJson(response, { error: { message: 'no', type: 'x', param: null, code: 'too_early' } }, 400);
    });
    const { port } = await startSidecar(t, { upstreamUrl: upstream.url });
    const head = ['POST /v1/files HTTP/1.1', 'host: x', 'content-type: multipart/form-data; boundary=b'];
    const begun = `${head.join('\r\n')}\r\nidempotency-key: key 1\r\ncontent-length: 100000\r\n\r\n--b\r\n`;
    const first = await sendRaw(port, begun);
    const again = await sendRaw(port, begun);
    assert.deepEqual([first.status, again.status, calls], [400, 400, 1]);
    assert.equal(again.body, first.body);
    assert.match(again.text, /idempotent-replayed: true/);
  });
});
