import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

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
