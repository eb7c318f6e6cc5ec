import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { chargedRow, heldRow } from '../harness/budget-rows.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { chat, postJson, startGoverned } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';

const daily =
  'budgets: [{ name: day, limit: { tokens: 1000000, usd: 100 }, window: { every: day } }]\n' +
  'models: { prices: { gpt-4o: { input: 1000, output: 1000 } } }\n';
const inTokens = { name: 'day', unit: 'tokens' } as const;
const inUsd = { name: 'day', unit: 'usd' } as const;

/** None of these says what a call cost, though each has the shape of it. */
const untold: readonly (readonly [what: string, usageJson: string])[] = [
  ['missing', 'null'],
  ['no object', '"thirty"'],
  ['negative input', '{"prompt_tokens":-5,"completion_tokens":5,"total_tokens":0}'],
  ['negative output', '{"prompt_tokens":5,"completion_tokens":-5,"total_tokens":0}'],
  ['a fraction', '{"prompt_tokens":5.5,"completion_tokens":5,"total_tokens":10.5}'],
  ['a text', '{"prompt_tokens":"5","completion_tokens":5,"total_tokens":10}'],
  ['huge', '{"prompt_tokens":5,"completion_tokens":9007199254740991,"total_tokens":9007199254740996}'],
  ['beyond all numbers', '{"prompt_tokens":5,"completion_tokens":1e400,"total_tokens":1e400}'],
  ['a huge total', '{"prompt_tokens":5,"completion_tokens":5,"total_tokens":1e15}'],
  ['a negative total', '{"prompt_tokens":5,"completion_tokens":5,"total_tokens":-10}'],
  ['without its input', '{"completion_tokens":5}'],
];

test('a usage that can not be is not told: the whole hold is charged, in both units', async (t) => {
  const { sidecar, call } = await startOddUpstream(t);
  let [tokens, usd] = [0, 0];
  for (const [what, usageJson] of untold) {
    const held = await call(usageJson);
    assert.ok(held.tokens > 100 && held.usd > 0.1);
    [tokens, usd] = [tokens + held.tokens, usd + held.usd];
    const row = await chargedRow(sidecar, inTokens);
    assert.equal(row.used, tokens, `${what}: a wrong number of tokens`);
    assert.ok(
      Math.abs((await chargedRow(sidecar, inUsd)).used - usd) < 1e-9,
      `${what}: a wrong sum of money`,
    );
  }
  assert.match(
    await sidecar.metrics(),
    new RegExp(`settlements_total{kind="settled",estimated="true"} ${untold.length}`),
  );
});

test('details that can not be make tokens cost their full price', async (t) => {
  const { sidecar, call } = await startOddUpstream(t);
  await call(
    '{"prompt_tokens":100,"completion_tokens":0,"total_tokens":100,"prompt_tokens_details":{"cached_tokens":-7}}',
  );
  await call(
    '{"prompt_tokens":100,"completion_tokens":0,"total_tokens":100,"prompt_tokens_details":{"cached_tokens":1e9}}',
  );
  assert.equal((await chargedRow(sidecar, inTokens)).used, 200);
  assert.equal((await chargedRow(sidecar, inUsd)).used, 0.2);
});

test('a stream whose usage can not be is charged what was seen of it, and never more than its hold', async (t) => {
  const { sidecar, upstream } = await startOddUpstream(t);
  const answer = postJson(`${sidecar.url}/chat/completions`, chat(1, { stream: true }));
  const { response } = await upstream.arrival(1);
  const { held } = await heldRow(sidecar, inTokens);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let index = 0; index < 50; index += 1) {
    response.write('data: {"choices":[{"index":0,"delta":{"content":" word"}}]}\n\n');
  }
  response.write('data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":-1}}\n\n');
  response.end('data: [DONE]\n\n');
  await (await answer).text();
  const { used } = await chargedRow(sidecar, inTokens);
  assert.ok(used >= 50 && used <= held, `charged ${used} of ${held}`);
});

for (const [what, more] of [
  ['a negative maximum', { max_completion_tokens: -1 }],
  ['a fractional maximum', { max_completion_tokens: 1.5 }],
  ['a maximum that is a text', { max_completion_tokens: 'many' }],
  ['a maximum beyond all numbers', { max_completion_tokens: 1e300 }],
] as const) {
  test(`${what} does not get round a budget: the call is bound by what is left`, async (t) => {
    const upstream = await startGatedUpstream(t);
    const config = 'budgets: [{ name: day, limit: { tokens: 300 }, window: { every: day } }]';
    const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
    const call = postJson(`${sidecar.url}/chat/completions`, chat(1, more));
    const arrival = await upstream.arrival(1);
    const sent = JSON.parse(arrival.text) as { max_completion_tokens: number };
    assert.ok(sent.max_completion_tokens > 0 && sent.max_completion_tokens < 300);
    assert.ok((await heldRow(sidecar, { name: 'day' })).held <= 300);
    arrival.answer();
    await call;
  });
}

test('so many choices that no budget could pay for them are refused, not overflowed', async (t) => {
  const { post, standIn } = await startGoverned(t, { config: daily });
  for (const n of [1e6, 1e15, Number.MAX_SAFE_INTEGER]) {
    const { status } = await post('/chat/completions', chat(1, { n, max_completion_tokens: 1e9 }));
    // What is no count the upstream refuses by itself.
    assert.ok(status === 429 || status === 400, String(status));
  }
  assert.ok(standIn.requests.every(({ usage }) => usage === undefined));
});

test('a budget that nobody can satisfy says so, with what it would take', async (t) => {
  const config = 'budgets: [{ name: none, limit: { tokens: 1 }, window: { every: day } }]';
  const { post, standIn } = await startGoverned(t, { config });
  const answer = await post('/chat/completions', chat(1));
  assert.equal(answer.status, 429);
  const { error } = (await answer.json()) as { error: { message: string } };
  assert.match(error.message, /^Budget none has 1 of 1 tokens left; this call may need \d+ tokens\./);
  assert.equal(standIn.requests.length, 0);
});

/** A sidecar before an upstream that answers a call with whatever usage. */
async function startOddUpstream(t: TestContext) {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: daily });
  return {
    upstream,
    sidecar,
    /** Makes a call, and resolves to what it held while it ran. */
    async call(usageJson: string) {
      const answer = postJson(`${sidecar.url}/chat/completions`, chat(1));
      const arrival = await upstream.arrival(upstream.arrivals.length + 1);
      const [tokens, usd] = [await heldRow(sidecar, inTokens), await heldRow(sidecar, inUsd)];
      arrival.answer(usageJson);
      await (await answer).text();
      return { tokens: tokens.held, usd: usd.held };
    },
  };
}
