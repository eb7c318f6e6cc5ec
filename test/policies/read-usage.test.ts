import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Sidecar, startSidecar } from '../harness/sidecar.ts';
import { type StandIn, startStandIn } from '../stand-in/stand-in.ts';

async function startBoth(t: TestContext): Promise<{ standIn: StandIn; sidecar: Sidecar }> {
  const standIn = await startStandIn({ deterministic: true, assistants: 'live' });
  t.after(() => standIn.close());
  const env = { ASSISTANT_PROXY_ASSISTANTS_BACKEND: 'passthrough' };
  return { standIn, sidecar: await startSidecar(t, { upstreamUrl: standIn.url, env }) };
}

function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-stand-in', ...headers },
    body: JSON.stringify(body),
  });
}

/** What the request log says of the last call, once the call is over. */
async function lastLine(sidecar: Sidecar): Promise<Record<string, unknown>> {
  await sleep(20);
  const line = sidecar.logLines().findLast(({ msg }) => msg === 'request');
  assert.ok(line);
  return line;
}

const model = 'gpt-4o';
const messages = [{ role: 'user', content: 'Count me, please. [[words:25]]' }];

const calls: readonly (readonly [path: string, body: Record<string, unknown>])[] = [
  ['/chat/completions', { model, messages }],
  ['/chat/completions', { model, messages, stream: true }],
  ['/chat/completions', { model, messages, stream: true, stream_options: { include_usage: true } }],
  ['/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'Once upon a time' }],
  ['/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'Once upon a time', stream: true }],
  ['/responses', { model, input: 'Count me. [[words:25]]' }],
  ['/responses', { model, input: 'Count me. [[words:25]]', stream: true }],
  ['/responses', { model: 'o4-mini', input: 'Think. [[reasoning:300]]', stream: true }],
  ['/embeddings', { model: 'text-embedding-3-small', input: ['one', 'two words'] }],
];

for (const [path, body] of calls) {
  const kind = `${body['stream'] ? 'a stream' : 'JSON'}${body['stream_options'] ? ' that asks for usage' : ''}`;
  test(`the tokens of ${path} as ${kind} are those the upstream counted`, async (t) => {
    const { standIn, sidecar } = await startBoth(t);
    const through = await (await post(sidecar.url + path, body)).text();
    const line = await lastLine(sidecar);
    const truth = standIn.requests.at(-1)?.usage;
    assert.ok(truth, 'the stand-in must have counted');
    assert.deepEqual(
      [line['inputTokens'], line['outputTokens']],
      [truth.inputTokens, truth.outputTokens],
      JSON.stringify(line),
    );
    assert.ok(Number(line['inputTokens']) > 0);
    const direct = await (await post(standIn.url + path, body)).text();
    assert.equal(through, direct, 'the caller must get what it would get without the sidecar');
  });
}

test('a chat stream is asked for its usage upstream, although its caller did not', async (t) => {
  const { standIn, sidecar } = await startBoth(t);
  const text = await (
    await post(`${sidecar.url}/chat/completions`, { model, messages, stream: true })
  ).text();
  assert.ok(!text.includes('usage'));
  const sent = standIn.requests.at(-1)?.json as Record<string, unknown>;
  assert.deepEqual(sent['stream_options'], { include_usage: true });
});

test('a stream that the upstream cuts keeps what is known, and claims no usage', async (t) => {
  const { standIn, sidecar } = await startBoth(t);
  standIn.fail({ kind: 'resetAfter', bytes: 700 });
  const answer = await post(`${sidecar.url}/chat/completions`, { model, messages, stream: true });
  await assert.rejects(answer.text());
  const line = await lastLine(sidecar);
  assert.deepEqual([line['ending'], line['inputTokens']], ['cut', undefined]);
  assert.match(String(line['model']), /^gpt-4o/);
});

test('a background response tells its usage when it is polled, not when it is created', async (t) => {
  const { sidecar } = await startBoth(t);
  const created = await post(`${sidecar.url}/responses`, { model, input: 'Later.', background: true });
  const { id } = (await created.json()) as { id: string };
  assert.equal((await lastLine(sidecar))['inputTokens'], undefined);
  await sleep(300);
  const polled = (await (await fetch(`${sidecar.url}/responses/${id}`)).json()) as { status: string };
  assert.equal(polled.status, 'completed');
  assert.ok(Number((await lastLine(sidecar))['inputTokens']) > 0);
});

test('a passed-through run tells its usage when it has ended', async (t) => {
  const { sidecar } = await startBoth(t);
  const beta = { 'openai-beta': 'assistants=v2' };
  const assistant = (await (await post(`${sidecar.url}/assistants`, { model }, beta)).json()) as {
    id: string;
  };
  const streamed = await post(
    `${sidecar.url}/threads/runs`,
    { assistant_id: assistant.id, stream: true, thread: { messages: [{ role: 'user', content: 'Hello' }] } },
    beta,
  );
  assert.match(await streamed.text(), /thread\.run\.completed/);
  const line = await lastLine(sidecar);
  assert.equal(line['operation'], 'threads.createAndRun');
  assert.ok(Number(line['inputTokens']) > 0 && Number(line['outputTokens']) > 0);
});

test('cached and reasoning tokens are counted as parts of the whole', async (t) => {
  const { sidecar } = await startBoth(t);
  const input = `${'The same long beginning. '.repeat(400)} [[reasoning:128]]`;
  for (let round = 0; round < 2; round += 1) {
    await (await post(`${sidecar.url}/responses`, { model: 'o4-mini', input })).text();
  }
  await sleep(20);
  const metrics = await sidecar.metrics();
  const tokens = (kind: string) =>
    Number(new RegExp(`tokens_total\\{.*kind="${kind}",.*\\} (\\d+)`).exec(metrics)?.[1] ?? Number.NaN);
  assert.ok(tokens('cached_input') > 0 && tokens('cached_input') < tokens('input'));
  assert.ok(tokens('reasoning') >= 256 && tokens('reasoning') < tokens('output'));
});
