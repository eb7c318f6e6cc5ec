import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chat, postJson } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { startCollector } from './collector.ts';
import { spanThat, startTraced } from './traced.ts';

const capture = { ASSISTANT_PROXY_TELEMETRY_CAPTURE_CONTENT: 'true' };
const mail = 'someone@example.com';
const key = 'sk-caller-0123456789abcdef';

const asking = (text: string, more: object = {}) =>
  chat(0, { messages: [{ role: 'user', content: text }], ...more });

test('nothing that is said, no key and no address is in a trace', async (t) => {
  const { sidecar, collector } = await startTraced(t, {
    config: `
      identity: { user: [metadata.user_id] }
      redaction: { mode: mask }
    `,
  });
  const headers = { authorization: `Bearer ${key}` };
  const body = asking(`I am ${mail}. [[say:Marzipan]]`, { metadata: { user_id: mail } });
  await (await postJson(`${sidecar.url}/chat/completions`, body, { headers })).text();
  await sidecar.shutDown();
  const attempt = await spanThat(collector, ({ kind }) => kind === 'client');
  assert.equal(Number(attempt.attributes['gen_ai.usage.output_tokens']) > 0, true);
  const root = await spanThat(collector, ({ kind }) => kind === 'server');
  assert.match(String(root.attributes['user.id']), /^hidden-[\da-f]{16}$/);
  const told = JSON.stringify(collector.spans);
  for (const secret of [mail, key, 'sk-stand-in', 'Marzipan', 'I am']) {
    assert.ok(!told.includes(secret), secret);
  }
});

for (const stream of [false, true]) {
  const how = stream ? 'streamed' : 'whole';
  test(`with captureContent a trace tells what was said, as redaction leaves it (${how})`, async (t) => {
    const { sidecar, collector } = await startTraced(t, {
      env: capture,
      config: 'redaction: { mode: mask }',
    });
    const body = asking(`I am ${mail}. [[say:Good morning]]`, { stream });
    await (await postJson(`${sidecar.url}/chat/completions`, body)).text();
    await sidecar.shutDown();
    const { attributes } = await spanThat(collector, ({ kind }) => kind === 'client');
    const input = JSON.parse(String(attributes['gen_ai.input.messages'])) as unknown;
    assert.match(JSON.stringify(input), /"role":"user","parts":\[\{"type":"text","content":"I am \[EMAIL/);
    assert.match(String(attributes['gen_ai.output.messages']), /"role":"assistant".*Good morning/);
    assert.ok(!JSON.stringify(collector.spans).includes(mail));
  });
}

test('a call that was left unredacted on request is told without what was said', async (t) => {
  const { sidecar, collector } = await startTraced(t, {
    env: capture,
    config: 'redaction: { mode: mask, optOut: allow }',
  });
  const body = asking(`I am ${mail}.`, { metadata: { redact: 'false' } });
  await (await postJson(`${sidecar.url}/chat/completions`, body)).text();
  await sidecar.shutDown();
  const { attributes } = await spanThat(collector, ({ kind }) => kind === 'client');
  assert.equal(attributes['gen_ai.input.messages'], undefined);
  assert.equal(attributes['gen_ai.output.messages'], undefined);
});

for (const stream of [false, true]) {
  const how = stream ? 'streamed' : 'whole';
  test(`what a model itself puts out of personal data is redacted in a trace (${how})`, async (t) => {
    const collector = await startCollector(t);
    const upstream = await startUpstream(t, async (request, response) => {
      await readText(request);
      const content = `Write to ${mail}`;
      if (!stream) {
        return answerJson(response, { choices: [{ message: { role: 'assistant', content } }] });
      }
      const chunk = { object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
    });
    const sidecar = await startSidecar(t, {
      upstreamUrl: upstream.url,
      config: 'redaction: { mode: mask, outputs: false }',
      env: { ...capture, ASSISTANT_PROXY_TELEMETRY_OTLP_ENDPOINT: collector.endpoint },
    });
    const answer = await postJson(`${sidecar.url}/chat/completions`, asking('Hello', { stream }));
    assert.match(await answer.text(), new RegExp(mail));
    await sidecar.shutDown();
    const { attributes } = await spanThat(collector, ({ kind }) => kind === 'client');
    assert.match(String(attributes['gen_ai.output.messages']), /Write to \[EMAIL/);
    assert.ok(!JSON.stringify(collector.spans).includes(mail));
  });
}
