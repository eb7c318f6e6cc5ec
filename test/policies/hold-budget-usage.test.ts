import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';

import { chargedRow, freeRow, heldRow } from '../harness/budget-rows.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { billedTokens, chat, postJson, startGoverned } from '../harness/governed.ts';
import { sentOnce } from '../harness/sent-once.ts';
import { startSidecar } from '../harness/sidecar.ts';

const daily = 'budgets: [{ name: day, limit: { tokens: 100000 }, window: { every: day } }]';
const day = { name: 'day' };

test('n choices are held n times, and all of them charged', async (t) => {
  const { standIn, sidecar, post, settled } = await startGoverned(t, { config: daily });
  const heldFor = async (n: number) => {
    const slow = [{ role: 'user', content: 'Hello [[thinkMs:300]] [[words:10]]' }];
    const call = post('/chat/completions', chat(0, { n, messages: slow }));
    const { held } = await heldRow(sidecar, day);
    const { choices } = (await (await call).json()) as { choices: unknown[] };
    assert.equal(choices.length, n);
    await freeRow(sidecar, day);
    return held;
  };
  const one = await heldFor(1);
  assert.equal((await heldFor(4)) - one, 300);
  assert.equal((await settled('day')).used, billedTokens(standIn));
});

test('of two maxima that disagree the larger is held, and both are passed on', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: daily });
  const both = chat(1, { max_tokens: 3000, max_completion_tokens: 10 });
  const call = postJson(`${sidecar.url}/chat/completions`, both);
  const arrival = await upstream.arrival(1);
  assert.deepEqual(JSON.parse(arrival.text), both);
  assert.ok((await heldRow(sidecar, day)).held > 3000);
  arrival.answer();
  await call;
  assert.equal((await chargedRow(sidecar, day)).used, 30);
});

test('a usage of zero is zero', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: daily });
  const call = postJson(`${sidecar.url}/chat/completions`, chat(1));
  (await upstream.arrival(1)).answer('{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}');
  await (await call).text();
  assert.equal((await freeRow(sidecar, day)).used, 0);
});

test('the SDK streams a chat: what it is told of the usage is what is charged', async (t) => {
  const { sidecar, standIn, settled } = await startGoverned(t, { config: daily });
  const client = new OpenAI({ baseURL: sidecar.url, apiKey: 'unused', maxRetries: 0 });
  const stream = await client.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Hi [[words:30]]' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  let told = 0;
  for await (const { usage } of stream) told = usage?.total_tokens ?? told;
  const { used } = await settled('day');
  assert.ok(told > 30);
  assert.deepEqual([used, billedTokens(standIn)], [told, told]);
});

test('a caller that did not ask a stream for its usage is not shown any, and is charged by it', async (t) => {
  const { post, standIn, settled } = await startGoverned(t, { config: daily });
  const text = await (await post('/chat/completions', chat(30, { stream: true }))).text();
  assert.doesNotMatch(text, /"usage"\s*:\s*\{/);
  assert.equal((await settled('day')).used, billedTokens(standIn));
});

test('what the upstream used beyond a hold is charged, and counted as an overrun', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: daily });
  const call = postJson(`${sidecar.url}/chat/completions`, chat(1));
  const { held } = await heldRow(sidecar, day);
  (await upstream.arrival(1)).answer('{"prompt_tokens":9,"completion_tokens":4991,"total_tokens":5000}');
  await call;
  assert.equal((await chargedRow(sidecar, day)).used, 5000);
  assert.match(
    await sidecar.metrics(),
    new RegExp(`^assistant_proxy_overrun_tokens_total ${5000 - held}$`, 'm'),
  );
});

test('a call that is refused upstream costs nothing', async (t) => {
  const { post, standIn, settled } = await startGoverned(t, { config: daily, env: sentOnce });
  for (const status of [400, 401, 404, 429, 503]) {
    standIn.fail({ kind: 'status', status });
    assert.equal((await post('/chat/completions', chat(1))).status, status);
  }
  assert.equal((await settled('day')).used, 0);
});

test('a call whose answer is lost on the way is charged its whole hold: it may have run', async (t) => {
  const { post, sidecar, standIn, settled } = await startGoverned(t, { config: daily });
  standIn.fail({ kind: 'reset', ran: true });
  const call = post(
    '/chat/completions',
    chat(1, { messages: [{ role: 'user', content: '[[thinkMs:300]]' }] }),
  );
  const { held } = await heldRow(sidecar, day);
  assert.equal((await call).status, 502);
  assert.equal((await settled('day')).used, held);
  assert.ok(billedTokens(standIn) > 0 && billedTokens(standIn) <= held);
});
