import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { chat, startGoverned } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';

/** Words that appear nowhere but where they are put. */
const secrets = {
  callerKey: 'sk-caller-zebra',
  prompt: 'prompt-ocelot',
  header: 'header-walrus',
  metadata: 'metadata-ibex',
  file: 'file-lemur',
  query: 'query-tapir',
  malformed: 'malformed-gecko',
};

test('no key, header, query or body reaches the log, the metrics or an error', async (t) => {
  const standIn = await startStandIn();
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, { upstreamUrl: standIn.url });
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${secrets.callerKey}`,
    'x-custom': secrets.header,
    cookie: `session=${secrets.header}`,
  };
  const post = (path: string, body: string) => fetch(sidecar.url + path, { method: 'POST', headers, body });
  const form = new FormData();
  form.set('purpose', 'assistants');
  form.set('file', new Blob([secrets.file]), `${secrets.file}.txt`);

  const body = JSON.stringify({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: secrets.prompt }],
    metadata: { key: secrets.metadata },
    stream: true,
  });
  await (await post(`/chat/completions?x=${secrets.query}`, body)).text();
  await (await fetch(`${sidecar.url}/files`, { method: 'POST', body: form })).text();
  const errors = [
    await (await post('/chat/completions', `{"messages": ${secrets.malformed}`)).text(),
    await (await post(`/${secrets.prompt}//x`, body)).text(),
    await (
      await fetch(`${sidecar.url}/chat/completions`, { method: 'POST', body: secrets.malformed })
    ).text(),
  ];
  standIn.fail({ kind: 'reset', times: 2 });
  errors.push(await (await post('/responses', JSON.stringify({ input: secrets.prompt }))).text());
  await standIn.refuse();
  errors.push(await (await post('/responses', JSON.stringify({ input: secrets.prompt }))).text());
  await sleep(50);

  const lines = sidecar.logLines();
  assert.ok(lines.length >= 7, `${lines.length} lines`);
  const told = [JSON.stringify(lines), await sidecar.metrics(), ...errors].join('\n');
  for (const secret of [...Object.values(secrets), standIn.apiKey]) {
    assert.ok(!told.includes(secret), `${secret} in ${told}`);
  }
});

test('every request has one line, with its id, operation, status, ending, tokens and times', async (t) => {
  const standIn = await startStandIn();
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, { upstreamUrl: standIn.url });
  const body = JSON.stringify({ model: 'text-embedding-3-small', input: 'hello' });
  const answer = await fetch(`${sidecar.url}/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const bytes = (await answer.arrayBuffer()).byteLength;
  await sleep(20);
  const lines = sidecar.logLines().filter(({ msg }) => msg === 'request');
  assert.equal(lines.length, 1);
  const { durationMs, timeToFirstByteMs, upstreamMs, time, ...line } = lines[0]!;
  assert.deepEqual(line, {
    level: 'info',
    requestId: answer.headers.get('x-assistant-proxy-request-id'),
    org: 'default',
    operation: 'embeddings.create',
    method: 'POST',
    status: 200,
    ending: 'complete',
    model: 'text-embedding-3-small',
    inputTokens: 1,
    outputTokens: 0,
    cachedInputTokens: 0,
    costUsd: 0.00000002,
    decision: 'none',
    requestBytes: body.length,
    responseBytes: bytes,
    msg: 'request',
  });
  assert.ok(Number(durationMs) + 1 >= Number(upstreamMs ?? 0));
  assert.ok(Number(durationMs) >= Number(timeToFirstByteMs) && Number(timeToFirstByteMs) >= 0);
  assert.ok(Math.abs(Number(time) - Date.now()) < 10_000);
});

const governed = `
identity: { org: acme, team: "header:x-team", app: "header:x-app", user: "header:x-user" }
budgets:
  - { name: team-day, per: [team], limit: { tokens: 1000 }, window: { every: day }, onTight: clamp }
  - { name: shadow, limit: { tokens: 10 }, window: { every: day }, mode: observe, match: { app: [watched] } }
limits:
  - { name: one-call, match: { app: [slow] }, requests: { rate: 1, per: hour } }
`;

test('a line tells whose call it was, what it cost, and what the ledger decided by which rule', async (t) => {
  const { sidecar, post } = await startGoverned(t, { config: governed });
  const call = async (headers: Record<string, string>, more: object = {}) =>
    (await post('/chat/completions', chat(3, more), { headers })).text();
  await call({ 'x-team': 'search', 'x-app': 'web', 'x-user': 'ann' });
  await call({ 'x-team': 'chat', 'x-app': 'watched' });
  await call({ 'x-team': 'chat' }, { max_completion_tokens: 5000 });
  await call({ 'x-app': 'slow' });
  await call({ 'x-app': 'slow' });
  await sleep(50);
  const lines = sidecar.logLines().filter(({ msg }) => msg === 'request');
  assert.deepEqual(
    lines.map(({ org, team, app, user, decision, rule, status }) => [
      [org, team, app, user].join(' '),
      decision,
      rule,
      status,
    ]),
    [
      ['acme search web ann', 'allowed', undefined, 200],
      ['acme chat watched ', 'observed', 'shadow', 200],
      ['acme chat  ', 'clamped', undefined, 200],
      ['acme  slow ', 'allowed', undefined, 200],
      ['acme  slow ', 'denied', 'one-call', 429],
    ],
  );
  const [first, , , , denied] = lines;
  const { inputTokens, outputTokens, cachedInputTokens, costUsd } = first as Record<string, number>;
  assert.equal(cachedInputTokens, 0);
  assert.ok(Math.abs(costUsd! - (inputTokens! * 2.5 + outputTokens! * 10) / 1e6) < 1e-12, String(costUsd));
  assert.equal(denied!['costUsd'], undefined);
});

test('a line tells that an answer was replayed, how long its call queued, and how long the upstream took', async (t) => {
  const limits = 'limits: [{ name: turns, requests: { rate: 20, per: second, burst: 1 }, waitUpToMs: 5000 }]';
  const { sidecar, post } = await startGoverned(t, { config: limits });
  const headers = { 'idempotency-key': 'key-1' };
  for (const init of [{ headers }, { headers }, {}]) {
    await (await post('/chat/completions', chat(1), init)).text();
  }
  const both = [chat(1), chat(1)].map(async (body) => (await post('/chat/completions', body)).text());
  await Promise.all(both);
  await sleep(50);
  const lines = sidecar.logLines().filter(({ msg }) => msg === 'request');
  assert.deepEqual(
    lines.map(({ replayed }) => replayed),
    [undefined, true, undefined, undefined, undefined],
  );
  assert.equal(lines[1]!['costUsd'], undefined, 'what was paid for once costs nothing again');
  const queued = Math.max(...lines.map(({ queuedMs }) => Number(queuedMs ?? 0)));
  assert.ok(queued >= 1, `${queued} ms`);
  for (const { durationMs, queuedMs = 0, upstreamMs = 0 } of lines) {
    assert.ok(Number(queuedMs) + Number(upstreamMs) <= Number(durationMs) + 3);
  }
});

test('no name of a caller breaks a line or makes it long, and redaction hides names that are personal data', async (t) => {
  const config = `
identity: { user: ["metadata.user_id", "header:x-user"] }
redaction: { mode: mask }
`;
  const { sidecar, post } = await startGoverned(t, { config });
  const names = [
    'two\nlines {"level":"info"}',
    '\u0000\u001b[31m\u2028\ud800',
    'x'.repeat(10_000_000),
    'ann@example.com',
  ];
  for (const user_id of names) {
    await (await post('/chat/completions', chat(1, { metadata: { user_id }, store: true }))).text();
  }
  await sleep(50);
  const lines = sidecar.logLines().filter(({ msg }) => msg === 'request');
  const users = lines.map(({ user }) => String(user));
  assert.deepEqual(users.slice(0, 3), [names[0], names[1]!.trim(), 'x'.repeat(512)]);
  assert.match(users[3]!, /^hidden-[0-9a-f]{16}$/);
  assert.ok(lines.every((line) => JSON.stringify(line).length < 2000));
});

test('a model that has an endless name is told by its beginning', async (t) => {
  const { sidecar, post } = await startGoverned(t, { config: '' });
  await (await post('/chat/completions', chat(1, { model: 'm'.repeat(1_000_000) }))).text();
  await sleep(50);
  const [line] = sidecar.logLines().filter(({ msg }) => msg === 'request');
  assert.ok(String(line!['model'] ?? '').length <= 128);
});

test('at debug, lines tell what a call held, what it was charged, and why it was sent again', async (t) => {
  const { sidecar, standIn, post } = await startGoverned(t, {
    config: `${governed}\nretry: { baseMs: 1 }`,
  });
  standIn.fail({ kind: 'status', status: 503, times: 1 });
  const headers = { 'x-team': 'search' };
  const answer = await post('/chat/completions', chat(3), { headers });
  await answer.text();
  await sleep(300);
  const requestId = answer.headers.get('x-assistant-proxy-request-id');
  const lines = sidecar.logLines().filter((line) => line['requestId'] === requestId);
  const told = Object.fromEntries(lines.map((line) => [line['msg'], line]));
  assert.deepEqual(Object.keys(told).sort(), [
    'attempt failed',
    'held',
    'request',
    'sending again',
    'settled',
  ]);
  const { tokens, budgets, limits, outputTokens } = told['held'] as Record<string, unknown>;
  assert.deepEqual([outputTokens, limits], [100, []]);
  assert.deepEqual(
    (budgets as { budget: string; scope: string; held: { tokens: number } }[]).map((budget) => [
      budget.budget,
      budget.scope,
      budget.held.tokens,
    ]),
    [['team-day', 'team=search', tokens]],
  );
  const { inputTokens, outputTokens: output } = told['request'] as Record<string, number>;
  assert.equal(told['settled']!['tokens'], inputTokens! + output!);
  assert.ok(!JSON.stringify(lines).includes('Hello'));
});
