import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { billedTokens, chat, postJson, startGoverned } from '../harness/governed.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { readText, startUpstream } from '../harness/upstream.ts';
import { keyFile } from '../redaction/key-file.ts';
import { enacted, refused } from './enacted.ts';

test('a call under way is answered and charged though its budget and its key are gone meanwhile', async (t) => {
  const upstream = await startGatedUpstream(t);
  const config = (limit: number, key: string) => `
auth: { keys: [{ name: k, key: ${key} }] }
budgets: [{ name: month, limit: { tokens: ${limit} }, window: { every: month } }]`;
  const [oldKey, newKey] = ['old-key-0123456789', 'new-key-0123456789'];
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: config(10_000, oldKey) });
  const call = postJson(`${sidecar.url}/chat/completions`, chat(3), {
    headers: { authorization: `Bearer ${oldKey}` },
  });
  const { answer } = await upstream.arrival(1);
  await enacted(sidecar, `auth: { keys: [{ name: k, key: ${newKey} }] }`);
  answer();
  const reply = await call;
  assert.equal(reply.status, 200);
  await reply.text();
  await enacted(sidecar, config(20_000, newKey));
  const [row] = await sidecar.budgets();
  assert.deepEqual([row?.used, row?.held, row?.limit], [30, 0, 20_000]);
});

test('an answer under way is priced by the table that its call came under, in the log and in the ledger', async (t) => {
  const upstream = await startGatedUpstream(t);
  const config = (price: number) => `
budgets: [{ name: day, limit: { usd: 1000 }, window: { every: day } }]
models: { prices: { gpt-4o: { input: ${price}, output: ${price} } } }`;
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: config(1) });
  const call = postJson(`${sidecar.url}/chat/completions`, chat(3));
  const { answer } = await upstream.arrival(1);
  await enacted(sidecar, config(1000));
  answer();
  await (await call).text();
  await enacted(sidecar, config(2));
  const [row] = await sidecar.budgets();
  const costs = () =>
    sidecar
      .logLines()
      .filter(({ msg }) => msg === 'request')
      .map(({ costUsd }) => costUsd);
  assert.deepEqual([row?.used, ...costs()], [0.00003, 0.00003]);
  const next = postJson(`${sidecar.url}/chat/completions`, chat(3));
  (await upstream.arrival(2)).answer();
  await (await next).text();
  await until(async () => costs().length === 2);
  assert.equal(costs()[1], 0.00006);
});

test('what was pseudonymized is put back into an answer that ends when nothing is redacted any more', async (t) => {
  const keys = keyFile(t);
  const stored = `store: { encryptionKeyFile: ${keys} }`;
  const bodies: string[] = [];
  let finish = () => {};
  const upstream = await startUpstream(t, async (request, response) => {
    bodies.push(await readText(request));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (content: string) =>
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
    send('Mail ');
    finish = () => {
      send('<EMAIL_1> today');
      response.end('data: [DONE]\n\n');
    };
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    config: `${stored}\nredaction: { mode: pseudonymize }`,
  });
  const ask = () =>
    postJson(`${sidecar.url}/chat/completions`, {
      model: 'gpt-4o',
      stream: true,
      messages: [{ role: 'user', content: 'Mail ann@example.com' }],
    });
  const reply = await ask();
  await enacted(sidecar, `${stored}\nredaction: { mode: 'off' }`);
  finish();
  const words = (await reply.text()).matchAll(/"content":"([^"]*)"/g);
  assert.equal([...words].map(([, text]) => text).join(''), 'Mail ann@example.com today');
  const plain = await ask();
  finish();
  await plain.text();
  assert.deepEqual(
    bodies.map((body) => /Mail [^"]*/.exec(body)?.[0]),
    ['Mail <EMAIL_1>', 'Mail ann@example.com'],
  );
});

test('while changes come and are refused, no call fails and every token is charged once', async (t) => {
  const { sidecar, standIn, post, settled } = await startGoverned(t, { config: budgeted(0) });
  const over = new AbortController();
  const statuses: number[] = [];
  const callers = Array.from({ length: 8 }, async () => {
    while (!over.signal.aborted) {
      const reply = await post('/chat/completions', chat(3));
      await reply.text();
      statuses.push(reply.status);
    }
  });
  for (let version = 1; version <= 4; version += 1) {
    await enacted(sidecar, budgeted(version));
    await refused(sidecar, `${budgeted(version)}\nbudgetz: ${version}`);
  }
  over.abort();
  await Promise.all(callers);
  t.diagnostic(`${statuses.length} calls`);
  assert.ok(statuses.length > 100);
  assert.deepEqual([...new Set(statuses)], [200]);
  const { used, held } = await settled('month');
  assert.deepEqual([used, held], [billedTokens(standIn), 0]);
});

/** Every version changes most of what can change, but for the budget's name. */
function budgeted(version: number): string {
  return `
budgets: [{ name: month, limit: { tokens: ${10_000_000 + version} }, window: { every: month } }]
limits: [{ name: 'calls-${version}', requests: { rate: ${100_000 + version}, per: second } }, { name: together, concurrency: ${100 + version} }]
redaction: { mode: ${version % 2 === 0 ? "'off'" : 'mask'} }
retry: { maxAttempts: ${1 + version} }
models: { prices: { gpt-4o: { input: ${1 + version}, output: ${1 + version} } } }`;
}
