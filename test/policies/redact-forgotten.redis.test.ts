import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import OpenAI from 'openai';

import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { startRedis } from '../harness/redis.ts';
import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { startStandIn } from '../stand-in/stand-in.ts';

const anna = 'anna.schmidt@example.org';
const bob = 'bob.jones@example.org';
const keepSeconds = 60;

/** A sidecar whose tables of originals are forgotten as soon as `forget` is called. */
async function startForgetting(t: TestContext) {
  const redis = await startRedis(t, { fakeTime: true });
  const standIn = await startStandIn({ apiKey: upstreamKey });
  t.after(() => standIn.close());
  const keys = join(temporaryDirectory(t), 'keys');
  writeFileSync(keys, `k1:${Buffer.alloc(32, 7).toString('base64')}\n`);
  const sidecar = await startSidecar(t, {
    upstreamUrl: standIn.url,
    config: `
store: { redisUrl: "${redis.url}", timeoutMs: 2000 }
redaction: { mode: pseudonymize, encryptionKeyFile: ${keys}, keepSeconds: ${keepSeconds} }
`,
  });
  return {
    redis,
    client: new OpenAI({ baseURL: sidecar.url, apiKey: 'any', maxRetries: 0 }),
    forget: () => redis.advance(1000 * (keepSeconds + 1)),
    sent: () => JSON.stringify(standIn.requests.map(({ json }) => json)),
  };
}

test('a thread whose originals were forgotten says the old placeholder, and never the address that came after it', async (t) => {
  const { client, forget, sent } = await startForgetting(t);
  const { threads, assistants } = client.beta;
  const { id: assistant_id } = await assistants.create({ model: 'gpt-4o' });
  const thread = await threads.create();
  const ask = async (content: string) => {
    await threads.messages.create(thread.id, { role: 'user', content });
    const run = await threads.runs.createAndPoll(thread.id, { assistant_id }, { pollIntervalMs: 20 });
    assert.equal(run.status, 'completed');
    const [answer] = (await threads.messages.list(thread.id)).data;
    assert.ok(answer?.content[0]?.type === 'text');
    return answer.content[0].text.value;
  };
  assert.equal(await ask(`[[echo]]I am ${anna}`), `I am ${anna}`);
  assert.match(sent(), /I am <EMAIL_1>"/, 'a thread that was made here begins at 1');
  await forget();
  assert.equal(await ask(`[[echo]]And ${bob}`), `And ${bob}`);
  assert.equal(await ask(`[[recall]]${bob}`), 'I am <EMAIL_1>');
  assert.match(sent(), /And <EMAIL_[1-9]\d{6,}>"/);
});

test('so does a chain of responses, and a conversation', async (t) => {
  const { client, forget } = await startForgetting(t);
  const model = 'gpt-4o';
  const first = await client.responses.create({ model, input: `[[echo]]I am ${anna}` });
  assert.equal(first.output_text, `I am ${anna}`);
  const conversation = await client.conversations.create({
    items: [{ type: 'message', role: 'user', content: `I am ${anna}` }],
  });
  await forget();
  for (const before of [{ previous_response_id: first.id }, { conversation: conversation.id }]) {
    const told = await client.responses.create({ model, input: `[[echo]]And ${bob}`, ...before });
    assert.equal(told.output_text, `And ${bob}`);
    const goingOn = 'conversation' in before ? before : { previous_response_id: told.id };
    const recalled = await client.responses.create({ model, input: `[[recall]]${bob}`, ...goingOn });
    assert.equal(recalled.output_text, 'I am <EMAIL_1>');
  }
});

test('what goes on from a response in a conversation has the placeholders of that', async (t) => {
  const { client, forget, sent } = await startForgetting(t);
  const model = 'gpt-4o';
  const { id: conversation } = await client.conversations.create();
  await client.responses.create({ model, input: `I am ${anna}`, conversation });
  await forget();
  // Not the first table of the conversation.
  const told = await client.responses.create({ model, input: `[[echo]]And ${bob}, ${anna}`, conversation });
  const [, placeholder] = /And (<EMAIL_\d+>), <EMAIL_\d+>"/.exec(sent()) ?? [];
  const next = await client.responses.create({
    model,
    input: `[[echo]]Not ${bob} nor c@example.org`,
    previous_response_id: told.id,
  });
  assert.equal(next.output_text, `Not ${bob} nor c@example.org`);
  assert.ok(placeholder !== undefined && sent().includes(`Not ${placeholder} nor <EMAIL_`));
});

test('an earlier answer that is taken up by its id says its own placeholders, and never those of the request', async (t) => {
  const { client, sent } = await startForgetting(t);
  const model = 'gpt-4o';
  const first = await client.responses.create({ model, input: `[[echo]]I am ${anna}` });
  const item = first.output[0]?.id;
  assert.ok(item);
  const told = await client.responses.create({
    model,
    input: [
      { type: 'item_reference', id: item },
      { role: 'user', content: `[[echo]]And ${bob}` },
    ],
  });
  assert.equal(told.output_text, `And ${bob}`);
  assert.match(sent(), /And <EMAIL_[1-9]\d{6,}>"/);
});

test('a creation that is told again under its Idempotency-Key does not begin its table anew', async (t) => {
  const { client, forget, sent } = await startForgetting(t);
  const { threads } = client.beta;
  const create = () =>
    threads.create(
      { messages: [{ role: 'user', content: `I am ${anna}` }] },
      { headers: { 'idempotency-key': 'one' } },
    );
  const thread = await create();
  await threads.messages.create(thread.id, { role: 'user', content: `And c@example.org` });
  await forget();
  assert.equal((await create()).id, thread.id);
  await threads.messages.create(thread.id, { role: 'user', content: `And ${bob}` });
  const { data } = await threads.messages.list(thread.id);
  const said = data.map(({ content: [part] }) => (part?.type === 'text' ? part.text.value : ''));
  assert.equal(said[0], `And ${bob}`);
  assert.match(said[1]!, /^And <EMAIL_\d+>$/);
  assert.equal(said[2], `I am ${anna}`);
  assert.equal(sent(), '[]');
});

test('a thread that is made while the store of originals is away is made all the same if it holds none', async (t) => {
  const { client, redis } = await startForgetting(t);
  const conversation = async () => (await client.conversations.create()).id;
  assert.match(await conversation(), /^conv_/);
  await redis.stop();
  assert.match(await conversation(), /^conv_/);
});
