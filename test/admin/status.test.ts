import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Status } from '../../src/admin/status.ts';
import { chat, postJson, startGoverned } from '../harness/governed.ts';
import { sendRaw } from '../harness/raw.ts';
import { startServed } from '../harness/served.ts';
import type { Sidecar } from '../harness/sidecar.ts';

const config = `
identity: { org: acme, team: ['header:x-team'], user: [metadata.user_id] }
budgets:
  - { name: team-day, per: [team], limit: { tokens: 1000 }, window: { every: day }, onTight: deny }
  - { name: user-week, per: [user], limit: { usd: 5 }, window: { rolling: 7d }, mode: observe }
circuit: { minCalls: 3 }
retry: { maxAttempts: 1 }
`;

async function statusOf({ adminUrl }: Sidecar): Promise<Status> {
  return (await fetch(`${adminUrl}/status`)).json() as Promise<Status>;
}

/** As it is when what was done has come to it. */
async function statusWhere(sidecar: Sidecar, isSo: (status: Status) => boolean): Promise<Status> {
  const givesUpAtMs = performance.now() + 20_000;
  for (;;) {
    const status = await statusOf(sidecar);
    if (isSo(status)) return status;
    if (performance.now() > givesUpAtMs) throw new Error(JSON.stringify(status, null, 1));
    await sleep(50);
  }
}

function governed(t: TestContext) {
  return startGoverned(t, { config });
}

test('nothing has happened yet: all is well, and the version is that of the package', async (t) => {
  const { sidecar } = await governed(t);
  const { verdict, sidecar: self, calls, refusals, stores, upstreams } = await statusOf(sidecar);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.deepEqual(
    [verdict.level, verdict.problems, self.version, self.isReady],
    ['well', [], version, true],
  );
  assert.deepEqual([calls.total, refusals], [0, []]);
  assert.deepEqual(
    stores.map(({ name, kind, isUp }) => [name, kind, isUp]),
    [
      ['ledger', 'embedded', true],
      ['assistants', 'embedded', true],
    ],
  );
  assert.deepEqual(
    [upstreams[0]!.name, upstreams[0]!.circuit, upstreams[0]!.attempts],
    ['primary', 'closed', 0],
  );
});

test('a call is told as it goes: read, sent, answering, and then no more', async (t) => {
  const { sidecar, post } = await governed(t);
  const body = chat(40, { stream: true, metadata: { user_id: 'u-1' } });
  body.messages[0]!.content += '[[thinkMs:400]][[delayMs:10]]';
  const answering = post('/chat/completions', body, { headers: { 'x-team': 'search' } });
  const sent = await statusWhere(sidecar, ({ calls }) => calls.rows[0]?.stage === 'sent');
  const { requestId, ageMs, ...row } = sent.calls.rows[0]!;
  assert.deepEqual(row, {
    operation: 'chat.completions.create',
    model: 'gpt-4o',
    stage: 'sent',
    org: 'acme',
    team: 'search',
    app: '',
    user: 'u-1',
  });
  assert.ok(ageMs >= 0 && sent.calls.total === 1 && sent.upstreams[0]!.running === 1);
  const answer = await answering;
  assert.equal(answer.headers.get('x-assistant-proxy-request-id'), requestId);
  await statusWhere(sidecar, ({ calls }) => calls.rows[0]?.stage === 'answering');
  await answer.text();
  const after = await statusWhere(sidecar, ({ calls }) => calls.total === 0);
  assert.equal(
    after.traffic.ended.reduce((sum, count) => sum + count),
    1,
  );
});

test('a body that does not come is told as being read', async (t) => {
  const { sidecar } = await governed(t);
  const socket = connect(sidecar.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write(
    'POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
  );
  await statusWhere(sidecar, ({ calls }) => calls.rows[0]?.stage === 'reading');
  socket.destroy();
  await statusWhere(sidecar, ({ calls }) => calls.total === 0);
});

test('a refusal is told with its rule, why, and its request id, and its budget as used up', async (t) => {
  const { sidecar, post } = await governed(t);
  const asSearch = { headers: { 'x-team': 'search' } };
  await (await post('/chat/completions', chat(500, { max_completion_tokens: 900 }), asSearch)).text();
  const refused = await post('/chat/completions', chat(400, { max_completion_tokens: 2000 }), asSearch);
  assert.equal(refused.status, 429);
  const { error } = (await refused.json()) as { error: { message: string } };
  const { refusals, verdict, budgets } = await statusOf(sidecar);
  const [{ latest, ...group }] = refusals as [Status['refusals'][number]];
  assert.deepEqual(
    [group.code, group.status, group.rule, group.operation, group.count],
    ['budget_exceeded', 429, 'team-day', 'chat.completions.create', 1],
  );
  assert.deepEqual(
    [latest[0]!.message, latest[0]!.requestId, latest[0]!.team, latest[0]!.model],
    [error.message, refused.headers.get('x-assistant-proxy-request-id'), 'search', 'gpt-4o'],
  );
  const texts = verdict.problems.map(({ text }) => text);
  assert.ok(
    texts.includes('Calls were refused in the last minute: budget_exceeded (team-day).'),
    texts.join('\n'),
  );
  const row = budgets.rows.find(({ name }) => name === 'team-day')!;
  assert.ok(row.used > 300 && row.history.length > 1 && row.history[0]![1] === 0);
});

test('an upstream that is down is trouble, with its circuit, and what was refused at the edge stands beside', async (t) => {
  const { sidecar, standIn, post } = await governed(t);
  await sendRaw(sidecar.port, 'GET /elsewhere HTTP/1.1\r\nhost: x\r\n\r\n');
  await standIn.refuse();
  for (let sent = 0; sent < 4; sent += 1) await (await post('/chat/completions', chat(1))).text();
  const { verdict, upstreams, refusals } = await statusOf(sidecar);
  assert.equal(verdict.level, 'trouble');
  assert.match(
    verdict.headline,
    /^Upstream primary fails or is slow: its circuit is open, calls are refused for \d s more\.$/,
  );
  const [primary] = upstreams;
  assert.deepEqual([primary!.circuit, primary!.attempts, primary!.failed], ['open', 3, 3]);
  assert.deepEqual(
    refusals.map(({ code, operation, count }) => [code, operation, count]),
    [
      ['circuit_open', 'chat.completions.create', 1],
      ['upstream_unreachable', 'chat.completions.create', 3],
      ['malformed_path', 'none', 1],
    ],
  );
});

test('runs that this pod carries on are told, with their threads', async (t) => {
  const { sidecar } = await startServed(t, { backend: 'responses' });
  const json = async (path: string, body: object) =>
    (await (await postJson(`${sidecar.url}${path}`, body)).json()) as { id: string };
  const assistant = await json('/assistants', { model: 'gpt-4o' });
  const thread = await json('/threads', { messages: [{ role: 'user', content: 'Hello [[thinkMs:500]]' }] });
  const run = await json(`/threads/${thread.id}/runs`, { assistant_id: assistant.id });
  const { runs } = await statusWhere(sidecar, (status) => status.runs.rows[0]?.status === 'in_progress');
  const [{ runId, threadId, model }] = runs.rows as [Status['runs']['rows'][number]];
  assert.deepEqual([runs.total, runId, threadId, model], [1, run.id, thread.id, 'gpt-4o']);
  await statusWhere(sidecar, (status) => status.runs.total === 0);
});

test('no key, body, header or file content is in it, nor what an error would quote of a request', async (t) => {
  const { sidecar, standIn, post } = await startGoverned(t, {
    config: `${config}webhook: { url: 'https://hooks.example/secret-otter' }\n`,
    env: { ASSISTANT_PROXY_UPSTREAM_HTTPS_PROXY: 'http://user:secret-heron@proxy.example:3128' },
    standIn: { apiKey: 'sk-secret-badger' },
  });
  const secret = 'secret-zebra';
  const headers = { 'x-custom': secret, authorization: `Bearer ${secret}` };
  await (await post('/chat/completions', chat(3, { metadata: { note: secret } }), { headers })).text();
  await (await post('/assistants', { model: 'gpt-4o', [secret]: 1 })).text();
  await (await post('/assistants', { model: 'gpt-4o', tools: [{ type: secret }] })).text();
  await (
    await fetch(`${sidecar.url}/threads/${secret}`, { headers: { 'openai-beta': 'assistants=v2' } })
  ).text();
  await (
    await fetch(`${sidecar.url}/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"a": ${secret}`,
    })
  ).text();
  await sendRaw(sidecar.port, `GET /${secret} HTTP/1.1\r\nhost: x\r\n\r\n`);
  const status = await statusOf(sidecar);
  assert.ok(status.refusals.length >= 5, `${status.refusals.length}`);
  const told = JSON.stringify(status);
  for (const word of ['secret-', standIn.apiKey, 'hooks.example/']) assert.ok(!told.includes(word), word);
  assert.match(status.configuration, /apiKey: "\*\*\*"|apiKey: \*\*\*|apiKey: '\*\*\*'/);
});

test('who is hidden in logs is hidden here', async (t) => {
  const { sidecar, post } = await startGoverned(t, {
    config: `${config}redaction: { mode: mask }\n`,
  });
  const metadata = { user_id: 'anna.schmidt@example.org' };
  await (await post('/chat/completions', chat(3, { metadata }))).text();
  await (await post('/chat/completions', chat(400, { metadata, max_completion_tokens: 9000 }))).text();
  const status = await statusOf(sidecar);
  assert.match(status.refusals[0]!.latest[0]!.user, /^hidden-/);
  assert.ok(!JSON.stringify(status).includes('anna'));
});

test('hostile names are told as they are, bounded, and break nothing', async (t) => {
  const { sidecar, post } = await governed(t);
  const name = `<img src=x onerror=alert(1)>\n\u202e${'x'.repeat(10_000)}`;
  const body = chat(9000, { model: 'gpt-4o', metadata: { user_id: name }, max_completion_tokens: 9000 });
  assert.equal((await post('/chat/completions', body)).status, 429);
  const { refusals } = await statusOf(sidecar);
  const { user } = refusals[0]!.latest[0]!;
  assert.ok(user.startsWith('<img src=x onerror=alert(1)>\n\u202e') && user.length === 512);
});
