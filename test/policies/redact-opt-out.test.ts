import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { assistantsHeaders, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';

const email = 'anna.schmidt@example.org';
const card = '4111 1111 1111 1111';
const said = `I am ${email}, card ${card}`;

async function startWith(t: TestContext, config: string) {
  const standIn = await startStandIn();
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, { upstreamUrl: standIn.url, config });
  const assistant = await post(sidecar, '/assistants', { model: 'gpt-4o', instructions: `Serve ${email}` });
  const asked = () =>
    standIn.requests
      .filter(({ path }) => /\/(responses|chat\/completions)$/.test(path))
      .map(({ json }) => JSON.stringify(json));
  return { sidecar, assistant_id: assistant.id, asked };
}

async function post(sidecar: Sidecar, path: string, body: object): Promise<{ id: string; text: string }> {
  const answer = await postJson(`${sidecar.url}${path}`, body, { headers: assistantsHeaders });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return { id: text.startsWith('{') ? (JSON.parse(text) as { id: string }).id : '', text };
}

for (const backend of ['responses', 'chatCompletions']) {
  test(`the opt-out of who creates a run holds for its model calls, and is counted once (${backend})`, async (t) => {
    const config = `assistants: { backend: ${backend} }\nredaction: { mode: mask, optOut: allow }`;
    const { sidecar, assistant_id, asked } = await startWith(t, config);
    const metadata = { redact: 'false' };
    const thread = await post(sidecar, '/threads', { messages: [{ role: 'user', content: said }], metadata });
    const runs = `/threads/${thread.id}/runs`;
    await post(sidecar, runs, { assistant_id, stream: true, metadata });
    assert.ok(asked().at(-1)!.includes(said), asked().at(-1));
    await post(sidecar, '/threads/runs', {
      assistant_id,
      thread: { messages: [{ role: 'user', content: said }] },
      stream: true,
      metadata,
    });
    assert.ok(asked().at(-1)!.includes(said));
    assert.equal(await metricSum(sidecar, 'assistant_proxy_redaction_opt_outs_total'), 3);
    await post(sidecar, runs, { assistant_id, stream: true, metadata: { whitelist: email } });
    assert.ok(asked().at(-1)!.includes(`I am ${email}, card [CREDIT_CARD]`));
    await post(sidecar, runs, { assistant_id, stream: true });
    assert.ok(
      asked().at(-1)!.includes('I am [EMAIL], card [CREDIT_CARD]'),
      'a run that says nothing is redacted',
    );
    assert.equal(await metricSum(sidecar, 'assistant_proxy_redaction_opt_outs_total'), 3);
  });
}

test('where the configuration allows no opt-out, that of a run is none', async (t) => {
  const { sidecar, assistant_id, asked } = await startWith(t, 'redaction: { mode: mask }');
  const thread = { messages: [{ role: 'user', content: said }] };
  await post(sidecar, '/threads/runs', { assistant_id, thread, stream: true, metadata: { redact: 'false' } });
  assert.ok(asked().at(-1)!.includes('I am [EMAIL], card [CREDIT_CARD]'));
});

test('who pays is hidden whether a call opts out or not, and has one budget', async (t) => {
  const config = `
identity: { user: metadata.user_id }
redaction: { mode: mask, optOut: allow }
budgets: [{ name: day, per: [user], limit: { tokens: 1000000 }, window: { every: day } }]`;
  const { sidecar } = await startWith(t, config);
  const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };
  await post(sidecar, '/chat/completions', { ...chat, metadata: { user_id: email } });
  await post(sidecar, '/chat/completions', { ...chat, metadata: { user_id: email, redact: 'false' } });
  const users = new Set((await sidecar.budgets()).map(({ scope }) => JSON.stringify(scope)));
  const named = [...users].filter((scope) => scope.includes('hidden-'));
  assert.equal(named.length, 1);
  assert.ok(![...users].some((scope) => scope.includes(email)));
  assert.ok(!JSON.stringify(sidecar.logLines()).includes(email));
});
