import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { chargedRow, freeRow } from '../harness/budget-rows.ts';
import { chat, postJson } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { startStandIn } from '../stand-in/stand-in.ts';

const retry = 'retry: { baseMs: 1, maxMs: 2000 }';
const budgets = 'budgets: [{ name: day, limit: { usd: 10 }, window: { every: day } }]';

/** A primary stand-in, and a fallback with a key of its own. */
async function startPair(t: TestContext, fallback: string, more = '') {
  const primary = await startStandIn();
  const second = await startStandIn({ apiKey: 'sk-second' });
  t.after(() => Promise.all([primary.close(), second.close()]));
  const sidecar = await startSidecar(t, {
    upstreamUrl: primary.url,
    config: `
${retry}
${budgets}
${more}
upstream:
  fallbacks: [{ name: second, baseUrl: "${second.url}", apiKey: sk-second${fallback} }]
models:
  prices: { cheap: { input: 1, output: 1 }, dear: { input: 100, output: 100 } }
`,
  });
  return { primary, second, sidecar };
}

test('a call that the primary upstream refuses is answered by the next one, with its own key', async (t) => {
  const { primary, second, sidecar } = await startPair(t, '');
  for (const code of ['rate_limit_exceeded', 'insufficient_quota', 'server_error', 'server_is_overloaded']) {
    primary.fail({ kind: 'status', code });
    const answer = await postJson(`${sidecar.url}/chat/completions`, chat(3));
    assert.equal(answer.status, 200);
    await answer.text();
  }
  assert.equal(second.requests.length, 4);
  const lines = sidecar.logLines().filter(({ msg }) => msg === 'request');
  assert.deepEqual(
    lines.map(({ fallback, attempts }) => [fallback, attempts]),
    [
      ['second', 2],
      ['second', 2],
      // The quota of the primary upstream is used up for a minute: it isn't asked.
      ['second', 1],
      ['second', 1],
    ],
  );
});

test('a primary upstream that is down is left out once its circuit is open', async (t) => {
  const { primary, second, sidecar } = await startPair(t, '', 'circuit: { minCalls: 5, openMs: 60000 }');
  await primary.refuse();
  for (let call = 0; call < 12; call += 1) {
    assert.equal((await postJson(`${sidecar.url}/chat/completions`, chat(1))).status, 200);
  }
  assert.equal(second.requests.length, 12);
  assert.match(await sidecar.metrics(), /assistant_proxy_circuit_state{upstream="primary"} 2/);
  assert.match(
    await sidecar.metrics(),
    /assistant_proxy_retries_total{upstream="second",failure="unsent"} 5/,
  );
});

test('models go by the names that the fallback has for them, and others are not sent there', async (t) => {
  const { primary, second, sidecar } = await startPair(t, ', models: { cheap: dear }');
  primary.fail({ kind: 'status', status: 500, times: 100 });
  const answer = await postJson(`${sidecar.url}/chat/completions`, chat(3, { model: 'cheap' }));
  assert.equal(((await answer.json()) as { model: string }).model, 'dear');
  assert.equal((await postJson(`${sidecar.url}/chat/completions`, chat(3))).status, 500);
  assert.equal(
    (await postJson(`${sidecar.url}/chat/completions`, chat(3, { model: 'constructor' }))).status,
    500,
  );
  assert.equal(second.requests.length, 1);
});

test('the ledger holds what the dearest of them may cost, and charges the model that answered', async (t) => {
  const { primary, sidecar } = await startPair(t, ', models: { cheap: dear }');
  const call = () =>
    postJson(`${sidecar.url}/chat/completions`, chat(3, { model: 'cheap', max_completion_tokens: 1000 }));
  await (await call()).text();
  const cheap = (await chargedRow(sidecar, { name: 'day' })).used;
  primary.fail({ kind: 'status', status: 500 });
  await (await call()).text();
  const dear = (await freeRow(sidecar, { name: 'day' })).used - cheap;
  // The same tokens, at a hundred times the price.
  assert.ok(Math.abs(dear / cheap - 100) < 1e-6, `${dear} and ${cheap}`);
  assert.match(await sidecar.metrics(), /assistant_proxy_overrun_usd_total 0/);
});

test('an answer that does not say its model is charged as the one that it was sent to', async (t) => {
  const primary = await startUpstream(t, (_, response) =>
    answerJson(response, { error: { message: 'x' } }, 500),
  );
  const asked: string[] = [];
  const second = await startUpstream(t, async (request, response) => {
    asked.push(await readText(request));
    answerJson(response, { id: 'c', usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 } });
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: primary.url,
    config: `
${budgets}
retry: { baseMs: 1 }
upstream: { fallbacks: [{ name: second, baseUrl: "${second.url}", models: { cheap: dear } }] }
models: { prices: { cheap: { input: 1, output: 1 }, dear: { input: 100, output: 100 } } }
`,
  });
  await (await postJson(`${sidecar.url}/chat/completions`, chat(3, { model: 'cheap' }))).text();
  assert.equal((await chargedRow(sidecar, { name: 'day' })).used, 20 * 0.0001);
  // What the caller wrote is patched, not written anew.
  assert.match(asked[0]!, /^{"model":"dear","messages":/);
});

test('a Response that is kept has no other upstream, and says why by failing', async (t) => {
  const { primary, second, sidecar } = await startPair(t, '');
  primary.fail({ kind: 'status', status: 500, times: 3 });
  assert.equal((await postJson(`${sidecar.url}/responses`, { model: 'm', input: 'Hi' })).status, 500);
  primary.fail({ kind: 'status', status: 500 });
  const free = await postJson(`${sidecar.url}/responses`, { model: 'm', input: 'Hi', store: false });
  assert.equal(free.status, 200);
  assert.equal(second.requests.length, 1);
});
