/**
 * What hurts the users of other gateways, each as a test of this one. The numbers with # are their public issues.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { assistantsHeaders, billedTokens, chat, postJson, startGoverned } from '../harness/governed.ts';
import { sentOnce } from '../harness/sent-once.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';

const monthly = (limit: string, more = '') =>
  `budgets: [{ name: month, limit: { ${limit} }, window: { every: month }${more} }]`;

test('LiteLLM #27639, #30460, #36926, #40050: calls that fail leave no reservation behind', async (t) => {
  const { standIn, post, settled } = await startGoverned(t, {
    config: monthly('tokens: 2000'),
    env: sentOnce,
  });
  standIn.fail({ kind: 'status', status: 500, times: 30 });
  for (let index = 0; index < 30; index += 1)
    assert.equal((await post('/chat/completions', chat(5))).status, 500);
  assert.equal((await settled('month')).used, 0);
  assert.equal((await post('/chat/completions', chat(5))).status, 200);
});

test('LiteLLM #38647: running calls hold what they may cost, and idle budgets deny nobody', async (t) => {
  const { post, settled } = await startGoverned(t, { config: monthly('usd: 1') });
  // Sixty times the worst case of a call: one after another all fit, because each gives back what it didn't use.
  for (let index = 0; index < 60; index += 1) {
    const answer = await post('/chat/completions', chat(5, { max_completion_tokens: 4000 }));
    assert.equal(answer.status, 200);
  }
  assert.ok((await settled('month')).used < 0.1);
});

test('LiteLLM #35524: a model without a price costs the fallback price, never nothing', async (t) => {
  const { post, settled } = await startGoverned(t, { config: monthly('usd: 1') });
  assert.equal((await post('/chat/completions', chat(20, { model: 'never-heard-of-it' }))).status, 200);
  assert.ok((await settled('month')).used > 0);
});

test('LiteLLM #40002: a long prompt is held at the price of its tier', async (t) => {
  const config = `
models:
  prices:
    long-model: { input: 1, output: 1, longContext: { aboveInputTokens: 1000, input: 100, output: 100 } }
${monthly('usd: 0.1')}`;
  const { post, standIn } = await startGoverned(t, { config });
  const long = { model: 'long-model', messages: [{ role: 'user', content: 'word '.repeat(2000) }] };
  const answer = await post('/chat/completions', { ...long, max_completion_tokens: 16 });
  // About 2,000 tokens at $100 a million are $0.2; at the short price they would have fitted.
  assert.equal(answer.status, 429);
  assert.equal(billedTokens(standIn), 0);
});

test('LiteLLM #34223: of two maxima the larger is held', async (t) => {
  const { post, standIn } = await startGoverned(t, { config: monthly('tokens: 500', ', onTight: deny') });
  const both = chat(5, { max_tokens: 1, max_completion_tokens: 100_000 });
  assert.equal((await post('/chat/completions', both)).status, 429);
  assert.equal(billedTokens(standIn), 0);
});

test('LiteLLM #29191: a small token rate lets the first call through', async (t) => {
  const config = 'limits: [{ name: tiny, tokens: { rate: 10, per: minute, burst: 10 } }]';
  const { post } = await startGoverned(t, { config });
  assert.equal((await post('/chat/completions', chat(5))).status, 200);
  const second = await post('/chat/completions', chat(5));
  assert.equal(second.status, 429);
  assert.ok(Number(second.headers.get('retry-after')) > 0);
});

test('LiteLLM #14457: a caller that leaves is charged what the upstream billed, or a little more', async (t) => {
  const { post, settled, standIn } = await startGoverned(t, {
    config: monthly('tokens: 100000'),
    standIn: { chunkDelayMs: 10 },
  });
  const leave = new AbortController();
  const answer = await post('/chat/completions', chat(200, { stream: true, max_completion_tokens: 1000 }), {
    signal: leave.signal,
  });
  const reader = answer.body!.getReader();
  for (let index = 0; index < 20; index += 1) await reader.read();
  leave.abort();
  const { used } = await settled('month');
  const billed = billedTokens(standIn);
  assert.ok(billed > 20 && used >= billed && used <= billed + 64, `billed ${billed}, charged ${used}`);
});

test('LiteLLM #25015: reading a response again and again bills it once', async (t) => {
  const { post, settled, sidecar, standIn } = await startGoverned(t, { config: monthly('tokens: 100000') });
  const created = await post('/responses', {
    model: 'gpt-4o',
    input: 'Hi [[words:20]]',
    max_output_tokens: 100,
  });
  const { id } = (await created.json()) as { id: string };
  for (let index = 0; index < 5; index += 1) await (await fetch(`${sidecar.url}/responses/${id}`)).text();
  assert.equal((await settled('month')).used, billedTokens(standIn));
});

test('LiteLLM #15329: a run on an upstream that has Assistants is held, and charged what it used', async (t) => {
  const { post, settled, budget, sidecar } = await startGoverned(t, {
    config: monthly('tokens: 100000'),
    env: { ASSISTANT_PROXY_ASSISTANTS_BACKEND: 'passthrough' },
    standIn: { assistants: 'live' },
  });
  const json = async (answer: Response) =>
    (await answer.json()) as { id: string; status: string; usage: unknown };
  const assistant = await json(await post('/assistants', { model: 'gpt-4o' }));
  const thread = await json(
    await post('/threads', { messages: [{ role: 'user', content: 'Hi [[words:30]]' }] }),
  );
  const created = await post(`/threads/${thread.id}/runs`, { assistant_id: assistant.id });
  const { id } = await json(created);
  assert.ok((await budget('month'))!.held > 0);
  // Nobody polls: the sweeper asks.
  const { used } = await settled('month');
  const run = await json(
    await fetch(`${sidecar.url}/threads/${thread.id}/runs/${id}`, { headers: assistantsHeaders }),
  );
  assert.equal(used, (run.usage as { total_tokens: number }).total_tokens);
});

test('TensorZero: what was held and not used comes back', async (t) => {
  const { post, settled, standIn } = await startGoverned(t, { config: monthly('tokens: 2000') });
  for (let index = 0; index < 10; index += 1) {
    assert.equal((await post('/chat/completions', chat(3, { max_completion_tokens: 1500 }))).status, 200);
  }
  assert.equal((await settled('month')).used, billedTokens(standIn));
});

test('TensorZero: a call need not name a maximum', async (t) => {
  const { post, standIn } = await startGoverned(t, { config: monthly('tokens: 1000') });
  const { max_completion_tokens: _, ...without } = chat(2000);
  assert.equal((await post('/chat/completions', without)).status, 200);
  assert.ok(billedTokens(standIn) <= 1000);
});

test('Envoy AI Gateway #680, #2394, Bifrost, Kong, APISIX, Higress: a hundred calls at once do not overshoot', async (t) => {
  const { post, settled, standIn } = await startGoverned(t, { config: monthly('tokens: 1000') });
  const answers = await Promise.all(Array.from({ length: 100 }, () => post('/chat/completions', chat(30))));
  const { used } = await settled('month');
  assert.ok(answers.some(({ status }) => status === 200) && answers.some(({ status }) => status === 429));
  assert.equal(used, billedTokens(standIn));
  assert.ok(used <= 1000, String(used));
});

test('Envoy AI Gateway: a model that no rule names is under the budget all the same', async (t) => {
  const { post, settled } = await startGoverned(t, { config: monthly('tokens: 1000', ', per: [model]') });
  await post('/chat/completions', chat(5, { model: 'gpt-4o-2099-01-01' }));
  assert.equal((await settled('month')).scope, 'model=gpt-4o-2099-01-01');
});

test('Kong: the model that answered is charged, not the one that was asked for', async (t) => {
  const config = `
models: { prices: { asked: { input: 1, output: 1 }, answered: { input: 1000, output: 1000 } } }
${monthly('usd: 100')}`;
  const upstream = await startUpstream(t, (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      '{"id":"c","model":"answered","usage":{"prompt_tokens":500,"completion_tokens":500,"total_tokens":1000}}',
    );
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  await (await postJson(`${sidecar.url}/chat/completions`, chat(1, { model: 'asked' }))).text();
  await sleep(100);
  assert.equal((await sidecar.budgets())[0]!.used, 1);
});

test('Kong: a batch is held when it is created, and charged what it used', async (t) => {
  const { post, settled, sidecar, standIn } = await startGoverned(t, { config: monthly('tokens: 5000000') });
  const lines = ['a', 'b'].map((id) =>
    JSON.stringify({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body: chat(20) }),
  );
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new File([lines.join('\n')], 'batch.jsonl'));
  const file = (await (await fetch(`${sidecar.url}/files`, { method: 'POST', body: form })).json()) as {
    id: string;
  };
  const created = await post('/batches', {
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  });
  const { id } = (await created.json()) as { id: string };
  const { used } = await settled('month');
  const batch = (await (
    await fetch(`${standIn.url}/batches/${id}`, { headers: { authorization: `Bearer ${standIn.apiKey}` } })
  ).json()) as {
    usage: { total_tokens: number };
  };
  assert.ok(used > 0);
  assert.equal(used, batch.usage.total_tokens);
});

test('APISIX, Higress: a refusal is a 429 in the shape of OpenAI, which SDKs do not retry', async (t) => {
  const { post } = await startGoverned(t, { config: monthly('tokens: 20', ', onTight: deny') });
  const answer = await post('/chat/completions', chat(5));
  assert.equal(answer.status, 429);
  assert.equal(answer.headers.get('x-should-retry'), 'false');
  const { error } = (await answer.json()) as { error: Record<string, string> };
  assert.equal(error['type'], 'insufficient_quota');
  assert.equal(error['code'], 'budget_exceeded');
  assert.match(
    error['message']!,
    /^Budget month has 20 of 20 tokens left; this call may need .* It resets at 2/,
  );
});

test('APISIX, Higress: a stream that tells no usage is charged all the same', async (t) => {
  const upstream = await startUpstream(t, (request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const word of ['one', ' two', ' three', ' four']) {
      response.write(`data: {"choices":[{"index":0,"delta":{"content":"${word}"}}]}\n\n`);
    }
    response.end('data: [DONE]\n\n');
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: monthly('tokens: 10000') });
  await (await postJson(`${sidecar.url}/chat/completions`, chat(1, { stream: true }))).text();
  let used = 0;
  for (let tries = 0; tries < 200 && used === 0; tries += 1) {
    await sleep(20);
    used = (await sidecar.budgets())[0]?.used ?? 0;
  }
  // Four words of output, and an input of some words with its overhead.
  assert.ok(used > 8 && used < 110, String(used));
});

test('nobody else: a background response that no one polls is charged within seconds of its end', async (t) => {
  const { post, settled, standIn } = await startGoverned(t, { config: monthly('tokens: 100000') });
  const created = await post('/responses', {
    model: 'gpt-4o',
    input: 'Hi [[words:40]]',
    background: true,
    max_output_tokens: 200,
  });
  assert.equal(created.status, 200);
  assert.equal((await settled('month')).used, billedTokens(standIn));
});

test('TensorZero: a token is what the tokenizer says, not two characters', async (t) => {
  const { post, settled, standIn } = await startGoverned(t, {
    config: monthly('tokens: 320', ', onTight: deny'),
  });
  // A thousand characters, which would be 500 tokens, and are 200.
  const messages = [{ role: 'user', content: `${'word '.repeat(200)}[[words:5]]` }];
  assert.equal(
    (await post('/chat/completions', chat(5, { messages, max_completion_tokens: 50 }))).status,
    200,
  );
  assert.equal((await settled('month')).used, billedTokens(standIn));
});

test('TensorZero: a window begins where the calendar says, not at its first use', async (t) => {
  const { post, settled } = await startGoverned(t, { config: monthly('tokens: 1000') });
  await post('/chat/completions', chat(5));
  const { windowStart, windowEnd } = await settled('month');
  assert.match(windowStart, /^\d{4}-\d{2}-01T00:00:00\.000Z$/);
  assert.match(windowEnd, /^\d{4}-\d{2}-01T00:00:00\.000Z$/);
});

test('Kuadrant: nobody has to say that something is to be held', async (t) => {
  const { post, budget, settled } = await startGoverned(t, { config: monthly('tokens: 1000') });
  const messages = [{ role: 'user', content: 'Hi [[thinkMs:300]]' }];
  const call = post('/chat/completions', chat(5, { messages }));
  let held = 0;
  while (held === 0) held = (await budget('month'))?.held ?? 0;
  assert.ok(held >= 100, 'the maximum of output, and the input');
  assert.equal((await call).status, 200);
  await settled('month');
});

test('Envoy AI Gateway: windows may be weeks of a time zone, or roll over days', async (t) => {
  const config = `
budgets:
  - { name: week, limit: { tokens: 1000 }, window: { every: week, timezone: Asia/Kolkata } }
  - { name: three-days, limit: { tokens: 1000 }, window: { rolling: 3d } }`;
  const { post, settled } = await startGoverned(t, { config });
  await post('/chat/completions', chat(5));
  const dayMs = 86_400_000;
  const week = await settled('week');
  assert.equal(Date.parse(week.windowEnd) - Date.parse(week.windowStart), 7 * dayMs);
  assert.match(week.windowStart, /T18:30:00/);
  const rolling = await settled('three-days');
  assert.equal(Date.parse(rolling.windowEnd) - Date.parse(rolling.windowStart), 3 * dayMs);
});

test('agentgateway: a rate in tokens gets back what calls did not use', async (t) => {
  const config = 'limits: [{ name: tokens, tokens: { rate: 1000, per: day, burst: 1000 } }]';
  const { post } = await startGoverned(t, { config });
  // Together they ask for more than 2,000 tokens, and use less than 600.
  for (let index = 0; index < 20; index += 1) {
    assert.equal((await post('/chat/completions', chat(3))).status, 200);
  }
});
