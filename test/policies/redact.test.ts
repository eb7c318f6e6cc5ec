import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import OpenAI from 'openai';

import { postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { type StandInOptions, startStandIn } from '../stand-in/stand-in.ts';

const email = 'anna.schmidt@example.org';
const card = '4111 1111 1111 1111';

/** The YAML of a file of keys, gone when the test is over. */
function keyFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'keys');
  writeFileSync(file, `k1:${Buffer.alloc(32, 7).toString('base64')}\n`);
  return file;
}

async function startRedacting(t: TestContext, redaction: string, options: StandInOptions = {}) {
  const standIn = await startStandIn({ apiKey: upstreamKey, ...options });
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, {
    upstreamUrl: standIn.url,
    config: `redaction: { ${redaction} }`,
  });
  return {
    standIn,
    sidecar,
    client: new OpenAI({ baseURL: sidecar.url, apiKey: 'any', maxRetries: 0 }),
    sent: () => JSON.stringify(standIn.requests.map(({ json, path, headers }) => [json, path, headers])),
  };
}

const asks = (content: string) => ({ model: 'gpt-4o', messages: [{ role: 'user' as const, content }] });

test('what is masked does not leave, and its place is told', async (t) => {
  const { client, sidecar, sent } = await startRedacting(t, 'mode: mask');
  const answer = await client.chat.completions.create(asks(`[[echo]]Write to ${email}, card ${card}.`));
  assert.equal(answer.choices[0]?.message.content, 'Write to [EMAIL], card [CREDIT_CARD].');
  assert.ok(!sent().includes(email) && !sent().includes('4111'));
  const count = (entity: string) =>
    metricSum(sidecar, 'assistant_proxy_redactions_total', { entity, mode: 'mask' });
  assert.deepEqual([await count('EMAIL'), await count('CREDIT_CARD')], [1, 1]);
});

test('modes go by entity: masked, hashed, observed, and what is off is not looked for', async (t) => {
  const { client } = await startRedacting(
    t,
    `mode: mask, hashKey: 0123456789abcdef, entities: [{ name: EMAIL, mode: hash }, { name: IP_ADDRESS, mode: observe }, { name: IBAN, mode: "off" }]`,
  );
  const said = `[[echo]]${email} ${email} from 203.0.113.7, card ${card}, GB82WEST12345698765432`;
  const answer = await client.chat.completions.create(asks(said));
  const content = answer.choices[0]?.message.content ?? '';
  const [, digest, again] = /^\[EMAIL:([0-9a-f]{12})\] \[EMAIL:([0-9a-f]{12})\] /.exec(content) ?? [];
  assert.ok(digest !== undefined && digest === again, content);
  assert.match(content, / from 203\.0\.113\.7, card \[CREDIT_CARD\], GB82WEST12345698765432$/);
});

test('what blocks is refused by name and place, and never sent', async (t) => {
  const { client, standIn } = await startRedacting(t, 'mode: block');
  const refusal = await client.chat.completions
    .create(asks(`Mail ${email}`))
    .catch((error: unknown) => error);
  assert.ok(refusal instanceof OpenAI.BadRequestError);
  assert.equal(refusal.code, 'pii_blocked');
  assert.match(refusal.message, /EMAIL \(in content\)/);
  assert.ok(!refusal.message.includes(email));
  assert.equal(standIn.requests.length, 0);
});

test('what is pseudonymized is sent by a placeholder and comes back as it was, plain and streamed', async (t) => {
  const { client, sent } = await startRedacting(t, `mode: pseudonymize, encryptionKeyFile: ${keyFile(t)}`);
  const said = asks(`[[chunkCharacters:3]][[echo]]Is ${email} the same as ${email}, and not b@example.org?`);
  const expected = `Is ${email} the same as ${email}, and not b@example.org?`;
  const answer = await client.chat.completions.create(said);
  assert.equal(answer.choices[0]?.message.content, expected);
  const stream = client.chat.completions.stream(said);
  assert.equal(await stream.finalContent(), expected);
  assert.ok(!sent().includes(email));
  assert.match(sent(), /Is <EMAIL_1> the same as <EMAIL_1>, and not <EMAIL_2>\?/);
});

test('arguments of functions are restored as JSON, however the model cuts them', async (t) => {
  const { client, sent } = await startRedacting(t, `mode: pseudonymize, encryptionKeyFile: ${keyFile(t)}`);
  const tools = [{ type: 'function' as const, function: { name: 'mail', parameters: {} } }];
  const said = asks(`[[chunkCharacters:2]][[tool:mail {"to":"${email}","cc":["${email}"]}]]`);
  const answer = await client.chat.completions.create({ ...said, tools });
  const [call] = answer.choices[0]?.message.tool_calls ?? [];
  assert.ok(call?.type === 'function');
  assert.deepEqual(JSON.parse(call.function.arguments), { to: email, cc: [email] });
  const streamed = await client.chat.completions.stream({ ...said, tools }).finalChatCompletion();
  const [again] = streamed.choices[0]?.message.tool_calls ?? [];
  assert.ok(again?.type === 'function');
  assert.deepEqual(JSON.parse(again.function.arguments), { to: email, cc: [email] });
  assert.ok(!sent().includes(email));
});

test('a chain of responses, and a conversation, go on with the same placeholders', async (t) => {
  const { client, sent } = await startRedacting(t, `mode: pseudonymize, encryptionKeyFile: ${keyFile(t)}`);
  const first = await client.responses.create({ model: 'gpt-4o', input: `[[echo]]I am ${email}` });
  assert.equal(first.output_text, `I am ${email}`);
  const second = await client.responses.create({
    model: 'gpt-4o',
    input: `[[echo]]Not b@example.org but ${email}`,
    previous_response_id: first.id,
  });
  assert.equal(second.output_text, `Not b@example.org but ${email}`);
  assert.match(sent(), /Not <EMAIL_2> but <EMAIL_1>/);
  const streamed = client.responses.stream({
    model: 'gpt-4o',
    input: '[[recall]]',
    previous_response_id: second.id,
  });
  assert.equal((await streamed.finalResponse()).output_text, `I am ${email}`);
  assert.equal((await client.responses.retrieve(first.id)).output_text, `I am ${email}`);

  const conversation = await client.conversations.create({
    items: [{ type: 'message', role: 'user', content: `I am ${email}` }],
  });
  const items = await client.conversations.items.list(conversation.id);
  assert.match(JSON.stringify(items.data), new RegExp(email));
  const told = await client.responses.create({
    model: 'gpt-4o',
    input: '[[recall]]',
    conversation: conversation.id,
  });
  assert.equal(told.output_text, `I am ${email}`);
  assert.ok(!sent().includes(email));
});

test('what a caller writes as placeholders are written comes back as it was, and means nobody', async (t) => {
  const { client, sent } = await startRedacting(t, `mode: pseudonymize, encryptionKeyFile: ${keyFile(t)}`);
  const said = `${email} is no <EMAIL_1>, [email_2] or EMAIL_3; <NAME_1> is a name.`;
  const answer = await client.chat.completions.create(asks(`[[echo]]${said}`));
  assert.equal(answer.choices[0]?.message.content, said);
  assert.match(sent(), /<EMAIL_1> is no <EMAIL_2>, <EMAIL_3> or <EMAIL_4>; <NAME_1> is a name\./);
  const { threads, assistants } = client.beta;
  const assistant = await assistants.create({ model: 'gpt-4o', instructions: 'Write <EMAIL_1>.' });
  assert.equal(assistant.instructions, 'Write <EMAIL_1>.', 'what no table restores is left alone');
  const thread = await threads.create({ messages: [{ role: 'user', content: `I am <EMAIL_2>, ${email}` }] });
  await threads.messages.create(thread.id, { role: 'user', content: `[[echo]]${said}` });
  // The calls of a run hold placeholders that stand for something.
  const run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  assert.equal(run.status, 'completed');
  const { data } = await threads.messages.list(thread.id);
  const texts = data.map(({ content: [part] }) => (part?.type === 'text' ? part.text.value : ''));
  assert.deepEqual(texts, [said, `[[echo]]${said}`, `I am <EMAIL_2>, ${email}`]);
  assert.ok(!sent().includes(email));
});

test('what is masked or hashed has no placeholders, so a caller may write them', async (t) => {
  for (const mode of ['mask', 'hash']) {
    const { client, sent } = await startRedacting(t, `mode: ${mode}, hashKey: 0123456789abcdef`);
    const answer = await client.chat.completions.create(asks('[[echo]]Write to <EMAIL_1>.'));
    assert.equal(answer.choices[0]?.message.content, 'Write to <EMAIL_1>.');
    assert.match(sent(), /Write to <EMAIL_1>\./);
  }
});

test('threads keep placeholders, and applications see what they said', async (t) => {
  const { client, sent } = await startRedacting(t, `mode: pseudonymize, encryptionKeyFile: ${keyFile(t)}`);
  const { threads, assistants } = client.beta;
  const assistant = await assistants.create({ model: 'gpt-4o', instructions: `Serve ${email}` });
  assert.equal(assistant.instructions, 'Serve [EMAIL]', 'threads of many share it, so it is masked');
  const thread = await threads.create({ messages: [{ role: 'user', content: `I am ${email}` }] });
  await threads.messages.create(thread.id, { role: 'user', content: `[[echo]]${email} or c@example.org?` });
  const run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  assert.equal(run.status, 'completed');
  const { data } = await threads.messages.list(thread.id);
  assert.match(JSON.stringify(data[0]?.content), new RegExp(`${email} or c@example.org\\?`));
  assert.match(JSON.stringify(data[2]?.content), new RegExp(`I am ${email}`));
  const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  const [message] = await stream.finalMessages();
  assert.match(JSON.stringify(message?.content), new RegExp(email));
  const both = await threads.createAndRunPoll({
    assistant_id: assistant.id,
    thread: { messages: [{ role: 'user', content: `[[echo]]${email}` }] },
  });
  const answered = await threads.messages.list(both.thread_id);
  assert.match(JSON.stringify(answered.data[0]?.content), new RegExp(email));
  assert.ok(!sent().includes(email));
});

test('a caller may have its call left alone, or texts in it, where the configuration lets it; each is counted', async (t) => {
  const metadata = { redact: 'false' };
  const list = { whitelist: email };
  const { client, sidecar } = await startRedacting(t, 'mode: mask, optOut: allow');
  const out = await client.responses.create({ model: 'gpt-4o', input: `[[echo]]${email}`, metadata });
  assert.equal(out.output_text, email);
  const listed = await client.responses.create({
    model: 'gpt-4o',
    input: `[[echo]]${email} ${card}`,
    metadata: list,
  });
  assert.equal(listed.output_text, `${email} [CREDIT_CARD]`);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_redaction_opt_outs_total'), 1);
  const denying = await startRedacting(t, 'mode: mask');
  const kept = await denying.client.responses.create({
    model: 'gpt-4o',
    input: `[[echo]]${email}`,
    metadata,
  });
  assert.equal(kept.output_text, '[EMAIL]');
});

test('what models put out is looked at, too, if that is configured', async (t) => {
  const upstream = await startUpstream(t, async (request, response) => {
    await readText(request);
    answerJson(response, { choices: [{ message: { content: `Ask ${email}.` } }], usage: {} });
  });
  for (const [outputs, expected] of [
    [true, 'Ask [EMAIL].'],
    [false, `Ask ${email}.`],
  ] as const) {
    const config = `redaction: { mode: mask, outputs: ${outputs} }`;
    const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
    const answer = await postJson(`${sidecar.url}/chat/completions`, asks('Whom?'));
    const body = (await answer.json()) as { choices: { message: { content: string } }[] };
    assert.equal(body.choices[0]?.message.content, expected);
  }
});

test('a store that is away refuses what needs it before anything is sent', async (t) => {
  const standIn = await startStandIn({ apiKey: upstreamKey });
  t.after(() => standIn.close());
  const sidecar = await startSidecar(t, {
    upstreamUrl: standIn.url,
    config: `
store: { redisUrl: "redis://127.0.0.1:9", timeoutMs: 100 }
redaction: { mode: pseudonymize, encryptionKeyFile: ${keyFile(t)} }
`,
  });
  const answer = await postJson(`${sidecar.url}/responses`, { model: 'gpt-4o', input: `I am ${email}` });
  assert.equal(answer.status, 503);
  assert.equal(((await answer.json()) as { error: { code: string } }).error.code, 'redaction_failed');
  assert.equal(standIn.requests.length, 0);
  // What needs no store passes.
  assert.equal((await postJson(`${sidecar.url}/chat/completions`, asks(`I am ${email}`))).status, 200);
});

test('text files are redacted as they flow, and others are left alone', async (t) => {
  const { client } = await startRedacting(t, 'mode: mask');
  const upload = async (name: string, content: string | Uint8Array, type: string) => {
    const file = await client.files.create({
      purpose: 'assistants',
      file: new File([content as never], name, { type }),
    });
    return (await client.files.content(file.id)).text();
  };
  const long = `${'word '.repeat(5000)}${email} ${'word '.repeat(5000)}`;
  assert.equal(await upload('a.txt', long, 'text/plain'), long.replace(email, '[EMAIL]'));
  const line = JSON.stringify({ custom_id: 'a', body: { messages: [{ content: `to ${email}` }] } });
  assert.equal(
    await upload('a.jsonl', `${line}\n${line}\n`, 'application/jsonl'),
    `${line}\n${line}\n`.replaceAll(email, '[EMAIL]'),
  );
  const binary = `%PDF-1.4 ${email}`;
  assert.equal(await upload('a.pdf', binary, 'application/pdf'), binary);
});

test('bodies that nobody knows are looked at as well, and queries are', async (t) => {
  const seen: string[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    seen.push(request.url!, await readText(request));
    answerJson(response, {});
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: 'redaction: { mode: mask }' });
  await postJson(`${sidecar.url}/brand/new?for=${encodeURIComponent(email)}&a=1`, {
    any: { where: email, n: 1.0 },
  });
  assert.deepEqual(seen, ['/v1/brand/new?for=%5BEMAIL%5D&a=1', '{"any":{"where":"[EMAIL]","n":1}}']);
});

test('a body in which nothing is found is sent byte for byte', async (t) => {
  const seen: string[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    seen.push(await readText(request));
    answerJson(response, {});
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: 'redaction: { mode: mask }' });
  const odd =
    '{ "model":"m" , "messages":[{"role":"user","content":"caf\\u00e9 1.0"}],"seed":12345678901234567890 }';
  await fetch(`${sidecar.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: odd,
  });
  assert.deepEqual(seen, [odd]);
});
