import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI, { AuthenticationError, AzureOpenAI } from 'openai';
import OpenAI4 from 'openai-4';
import OpenAI5 from 'openai-5';
import OpenAI6 from 'openai-6';

import { spawnStandIn } from './spawn-stand-in.ts';
import { startStandIn } from './stand-in.ts';
import { withStandIn } from './with-stand-in.ts';

const CHAT = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'Hello' }] };

const CLIENTS = { 4: OpenAI4, 5: OpenAI5, 6: OpenAI6, 7: OpenAI };

for (const [version, Client] of Object.entries(CLIENTS)) {
  test(`the SDK of version ${version} gets whole answers, streams and errors`, async (t) => {
    const { standIn } = await withStandIn(t, { assistants: 'live' });
    const options = { baseURL: standIn.url, apiKey: standIn.apiKey, maxRetries: 0 };
    // The versions' types do not fit each other, but all of them have what is called here.
    const client = new Client(options) as unknown as OpenAI;
    const whole = await client.chat.completions.create(CHAT);
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...CHAT, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(text, whole.choices[0]?.message.content);
    const response = await client.responses.create({ model: 'gpt-4o', input: 'Hello' });
    assert.equal(response.output_text, text);
    const assistant = await client.beta.assistants.create({ model: 'gpt-4o' });
    const thread = await client.beta.threads.create({ messages: [{ role: 'user', content: 'Hello' }] });
    const stream = client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
    assert.equal((await stream.finalRun()).status, 'completed');
    await assert.rejects(client.files.retrieve('file-none'), (error) => {
      return error instanceof Error && 'status' in error && error.status === 404;
    });
  });
}

test('the key is checked, and errors have all four members', async (t) => {
  const { standIn } = await withStandIn(t);
  const stranger = new OpenAI({ baseURL: standIn.url, apiKey: 'sk-wrong', maxRetries: 0 });
  await assert.rejects(stranger.models.list(), AuthenticationError);
  const answer = await fetch(`${standIn.url}/models`);
  assert.equal(answer.status, 401);
  const { error } = JSON.parse(await answer.text());
  assert.deepEqual(Object.keys(error).toSorted(), ['code', 'message', 'param', 'type']);
});

test('Azure’s client is served by deployment and api-key', async (t) => {
  const { standIn } = await withStandIn(t);
  const azure = new AzureOpenAI({
    endpoint: `http://127.0.0.1:${standIn.port}`,
    apiKey: standIn.apiKey,
    apiVersion: '2024-10-21',
    deployment: 'gpt-4o-mini',
  });
  const completion = await azure.chat.completions.create({ ...CHAT, model: '' });
  assert.equal(completion.model, 'gpt-4o-mini-2024-07-18');
});

test('unknown paths, broken JSON and missing members are refused', async (t) => {
  const { standIn } = await withStandIn(t);
  const send = async (path: string, body?: string) => {
    const answer = await fetch(standIn.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${standIn.apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.status, error: JSON.parse(await answer.text()).error };
  };
  const unknown = await send('/nonsense');
  assert.equal(unknown.status, 404);
  assert.equal(unknown.error.message, 'Invalid URL (GET /v1/nonsense)');
  const broken = await send('/chat/completions', '{"model": ');
  assert.equal(broken.status, 400);
  assert.match(broken.error.message, /could not parse the JSON/);
  const missing = await send('/chat/completions', '{"model":"gpt-4o"}');
  assert.equal(missing.error.param, 'messages');
  assert.equal((await send('/files?limit=0')).error.param, 'limit');
  assert.equal((await send('/chat/completions', '[1]')).status, 400);
});

test('answers carry OpenAI’s headers', async (t) => {
  const { client } = await withStandIn(t);
  const { response } = await client.models.list().withResponse();
  for (const name of [
    'x-request-id',
    'openai-processing-ms',
    'openai-version',
    'openai-organization',
    'x-ratelimit-limit-requests',
    'x-ratelimit-remaining-tokens',
    'x-ratelimit-reset-tokens',
  ]) {
    assert.ok(response.headers.get(name), name);
  }
});

test('a deterministic stand-in answers the same bytes twice, another does not', async (t) => {
  const bodies = [
    ['/chat/completions', CHAT],
    ['/chat/completions', { ...CHAT, stream: true }],
    ['/responses', { model: 'gpt-5', input: 'word '.repeat(1500) }],
    ['/responses', { model: 'gpt-4o', input: 'Hello', stream: true }],
    ['/embeddings', { model: 'text-embedding-3-small', input: 'a' }],
  ] as const;
  const twice = async (deterministic: boolean) => {
    const { standIn } = await withStandIn(t, { deterministic });
    const ask = async ([path, body]: (typeof bodies)[number]) => {
      const answer = await fetch(standIn.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${standIn.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return `${answer.headers.get('x-request-id')} ${await answer.text()}`;
    };
    return Promise.all(bodies.map(async (body) => (await ask(body)) === (await ask(body))));
  };
  assert.deepEqual(await twice(true), [true, true, true, true, true]);
  assert.deepEqual(await twice(false), [false, false, false, false, false]);
});

test('usage that is asked for does not change what else a deterministic stream says', async (t) => {
  const { client } = await withStandIn(t, { deterministic: true });
  const ids = async (include_usage: boolean) => {
    const stream = await client.chat.completions.create({
      ...CHAT,
      stream: true,
      stream_options: { include_usage },
    });
    const found = new Set<string>();
    for await (const chunk of stream) found.add(`${chunk.id} ${chunk.created}`);
    return [...found];
  };
  assert.deepEqual(await ids(true), await ids(false));
});

test('time and randomness can be passed in', async (t) => {
  const options = { now: () => 1_000_000_000_000, random: () => 0.5 };
  const [a, b] = [await withStandIn(t, options), await withStandIn(t, options)];
  const first = await a.client.chat.completions.create(CHAT);
  const second = await b.client.chat.completions.create(CHAT);
  assert.equal(first.created, 1_000_000_000);
  assert.equal(first.id, second.id);
});

test('requests are kept as they arrived, up to a number', async (t) => {
  const { standIn, client } = await withStandIn(t, { keepRequests: 2 });
  await client.models.list();
  await client.chat.completions.create(CHAT);
  await client.embeddings.create({ model: 'text-embedding-3-small', input: 'a' });
  assert.deepEqual(
    standIn.requests.map(({ method, path, status }) => [method, path, status]),
    [
      ['POST', '/v1/chat/completions', 200],
      ['POST', '/v1/embeddings', 200],
    ],
  );
  const [chat] = standIn.requests;
  assert.deepEqual(chat?.json, CHAT);
  assert.equal(chat?.bodyBytes, JSON.stringify(CHAT).length);
  assert.equal(chat?.aborted, false);
});

test('as a process it prints its address, serves, and ends with its input or on SIGTERM', async () => {
  for (const how of ['input', 'SIGTERM'] as const) {
    const standIn = await spawnStandIn('--deterministic');
    const client = new OpenAI({ baseURL: standIn.url, apiKey: 'sk-stand-in' });
    assert.ok((await client.models.list()).data.length > 0);
    assert.equal((await standIn.stop(how)).exitCode, 0);
  }
});

test('closing ends open streams and frees the port', async () => {
  const standIn = await startStandIn({ chunkDelayMs: 1000 });
  const client = new OpenAI({ baseURL: standIn.url, apiKey: standIn.apiKey, maxRetries: 0 });
  const stream = await client.chat.completions.create({ ...CHAT, stream: true });
  await standIn.close();
  await assert.rejects(async () => {
    for await (const _ of stream);
  });
  await assert.rejects(client.models.list());
});
