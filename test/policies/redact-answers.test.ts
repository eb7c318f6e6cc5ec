import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { chat, postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { keyFile, temporaryFolder } from '../redaction/key-file.ts';

const email = 'anna.schmidt@example.org';
const said = 'model.said@example.org';

const asks = (content: string) => ({ model: 'gpt-4o', messages: [{ role: 'user', content }] });
const answers = (content: string) => ({ choices: [{ message: { content } }], usage: {} });

test('what is kept for an Idempotency-Key has been looked at, and holds placeholders; its readers get originals', async (t) => {
  let calls = 0;
  const upstream = await startUpstream(t, async (request, response) => {
    await readText(request);
    calls += 1;
    answerJson(response, answers(`Ask <EMAIL_1> or ${said}.`));
  });
  const stateDir = temporaryFolder(t);
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_STORE_STATE_DIR: stateDir },
    config: `redaction: { mode: pseudonymize, outputs: true, encryptionKeyFile: ${keyFile(t)} }`,
  });
  for (const replayed of [null, 'true']) {
    const answer = await postJson(`${sidecar.url}/chat/completions`, asks(`I am ${email}`), {
      headers: { 'idempotency-key': 'k1' },
    });
    assert.equal(answer.headers.get('idempotent-replayed'), replayed);
    assert.deepEqual(await answer.json(), answers(`Ask ${email} or [EMAIL].`));
  }
  assert.equal(calls, 1);
  await sidecar.shutDown();
  const kept = readdirSync(stateDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('');
  assert.ok(kept.includes('Ask <EMAIL_1> or [EMAIL].'));
  assert.ok(!kept.includes(said) && !kept.includes(email));
});

test('what a run keeps of its model has been looked at', async (t) => {
  const upstream = await startUpstream(t, async (request, response) => {
    await readText(request);
    const delta = (content: string) =>
      `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content }, finish_reason: null }] })}\n\n`;
    const done = `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(delta(`Ask ${said.slice(0, 9)}`) + delta(said.slice(9)) + done);
  });
  const stateDir = temporaryFolder(t);
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_STORE_STATE_DIR: stateDir },
    config: 'assistants: { backend: chatCompletions }\nredaction: { mode: mask, outputs: true }',
  });
  const post = async (path: string, body: object): Promise<Record<string, string>> => {
    const headers = { 'openai-beta': 'assistants=v2' };
    return (await (await postJson(`${sidecar.url}${path}`, body, { headers })).json()) as never;
  };
  const assistant = await post('/assistants', { model: 'gpt-4o' });
  const headers = { 'openai-beta': 'assistants=v2' };
  const run = await postJson(
    `${sidecar.url}/threads/runs`,
    {
      assistant_id: assistant['id'],
      thread: { messages: [{ role: 'user', content: 'Whom?' }] },
      stream: true,
    },
    { headers },
  );
  assert.match(await run.text(), /Ask \[EMAIL\]/);
  await sidecar.shutDown();
  const kept = readdirSync(stateDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('');
  assert.ok(kept.includes('Ask [EMAIL]') && !kept.includes(said));
});

test('a JSON answer that is too large to be held is refused, and the upstream is left', async (t) => {
  const left = Promise.withResolvers<void>();
  const upstream = await startUpstream(t, async (request, response) => {
    await readText(request);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.on('close', () => left.resolve());
    const megabyte = Buffer.alloc(1024 * 1024, ' ');
    const more = () => {
      while (!response.destroyed && response.write(megabyte));
    };
    response.on('drain', more);
    more();
  });
  const config = 'redaction: { mode: mask, outputs: true }';
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  const answer = await postJson(`${sidecar.url}/chat/completions`, asks('Hello'));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('x-should-retry'), 'false');
  assert.match(await answer.text(), /"code":"redaction_failed"|larger than/);
  await left.promise;
  assert.equal(
    await metricSum(sidecar, 'assistant_proxy_redaction_failures_total', { reason: 'answer_size' }),
    1,
  );
});

test('what is found in answers, queries and headers is counted, by operation, also where it is only observed', async (t) => {
  const upstream = await startUpstream(t, async (request, response) => {
    await readText(request);
    if (request.url!.includes('stream')) {
      const event = (type: string, rest: object) =>
        `data: ${JSON.stringify({ type, output_index: 0, ...rest })}\n\n`;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event('response.output_text.delta', { content_index: 0, delta: 'Ask model.' }));
      response.write(event('response.output_text.delta', { content_index: 0, delta: `${said.slice(6)}.` }));
      response.end(event('response.output_text.done', { content_index: 0, text: `Ask ${said}.` }));
    } else answerJson(response, answers(`Ask ${said}, or else ${said}.`));
  });
  for (const [mode, inHeaders] of [
    ['mask', 'hash'],
    ['observe', 'observe'],
  ] as const) {
    const config = `redaction: { mode: ${mode}, outputs: true }`;
    const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
    const count = (operation: string, ofMode: string = mode) =>
      metricSum(sidecar, 'assistant_proxy_redactions_total', { entity: 'EMAIL', operation, mode: ofMode });
    const answer = await postJson(`${sidecar.url}/chat/completions`, chat(1));
    const told = mode === 'mask' ? '[EMAIL]' : said;
    assert.deepEqual(await answer.json(), answers(`Ask ${told}, or else ${told}.`));
    assert.equal(await count('chat.completions.create'), 1);
    const query = `?stream=true&for=${encodeURIComponent(email)}`;
    const streamed = await fetch(`${sidecar.url}/responses/resp_1${query}`);
    assert.equal((await streamed.text()).split(told).length - 1, mode === 'mask' ? 2 : 1);
    assert.equal(await count('responses.retrieve'), 2);
    await fetch(`${sidecar.url}/models`, { headers: { 'x-user-email': email } }).then((one) => one.text());
    // One in the header, one in the answer.
    assert.equal(await count('models.list', inHeaders), mode === 'observe' ? 2 : 1);
    assert.ok(!(await sidecar.metrics()).includes('example.org'));
  }
});
