import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { chat, postJson } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';

const email = 'anna.schmidt@example.org';
const card = '4111111111111111';

/** A sidecar that masks, before an upstream that keeps all that it is sent. */
async function startMasking(t: TestContext, config = 'redaction: { mode: mask }') {
  const received: string[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    received.push(`${request.url} ${JSON.stringify(request.rawHeaders)} ${await readText(request)}`);
    answerJson(response, { id: 'x', usage: {} });
  });
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  return { sidecar, received };
}

function form(entries: Record<string, string | Blob>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(entries)) data.set(name, value);
  return data;
}

const file = (content: string, type = 'text/plain', name = 'a.txt') => new File([content], name, { type });

for (const [what, path, init] of [
  [
    'a form of an operation that takes any body',
    '/images/edits',
    { body: form({ prompt: email, image: file('x', 'image/png', 'a.png') }) },
  ],
  ['a form that nobody knows', '/brand/new', { body: form({ any: email }) }],
  [
    'a field that calls itself an image',
    '/files',
    {
      body: `--b\r\ncontent-disposition: form-data; name="prompt"\r\ncontent-type: image/png\r\n\r\n${email}\r\n--b--\r\n`,
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    },
  ],
  [
    'a JSON file that is none',
    '/files',
    { body: form({ purpose: 'x', file: file(`to ${email}`, 'application/json', 'a.json') }) },
  ],
  [
    'a line that is no JSON',
    '/files',
    { body: form({ purpose: 'x', file: file(`{}\n${email}\n`, 'application/jsonl', 'a.jsonl') }) },
  ],
  [
    'a number in a JSON file',
    '/files',
    { body: form({ purpose: 'x', file: file(`{"card":${card}}`, 'application/json', 'a.json') }) },
  ],
  [
    'a number in a body that nobody knows',
    '/brand/new',
    { body: `{"card":${card}}`, headers: { 'content-type': 'application/json' } },
  ],
  [
    'JSON of another type',
    '/brand/new',
    { body: `{"a":"${email}"}`, headers: { 'content-type': 'application/thing+json' } },
  ],
  [
    'a header of the caller',
    '/responses',
    {
      body: '{"model":"m","input":"x"}',
      headers: { 'content-type': 'application/json', 'x-user-email': email },
    },
  ],
  [
    'an Idempotency-Key',
    '/responses',
    {
      body: '{"model":"m","input":"x"}',
      headers: { 'content-type': 'application/json', 'idempotency-key': email },
    },
  ],
] as const) {
  test(`${what} is no way round`, async (t) => {
    const { sidecar, received } = await startMasking(t);
    const answer = await fetch(`${sidecar.url}${path}`, { method: 'POST', ...(init as RequestInit) });
    assert.equal(answer.status, 200, await answer.text());
    assert.equal(received.length, 1);
    assert.ok(!received[0]!.includes('schmidt') && !received[0]!.includes(card), received[0]);
  });
}

for (const [what, path, type] of [
  ['plain text', '/brand/new', 'text/plain'],
  ['a form in a URL', '/brand/new', 'application/x-www-form-urlencoded'],
  ['text to what takes no body', '/responses/resp_1/cancel', 'text/plain'],
  ['a type that nobody knows', '/brand/new', 'application/x-thing'],
] as const) {
  test(`${what} can not be scanned, and is refused`, async (t) => {
    const { sidecar, received } = await startMasking(t);
    const answer = await fetch(`${sidecar.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: `mail=${email}`,
    });
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /"code":"unscannable_upload"/);
    assert.deepEqual(received, []);
  });
}

test('a path that holds personal data is refused, and one of ids is not', async (t) => {
  const { sidecar, received } = await startMasking(t);
  for (const path of [`/models/${email}`, `/models/${encodeURIComponent(email)}`]) {
    const answer = await fetch(`${sidecar.url}${path}`);
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /"code":"pii_blocked"/);
  }
  assert.deepEqual(received, []);
  for (const path of [
    '/files/file-abc123',
    '/responses/resp_68af4030baa48193b0b43b4c2a176a1a0e6967589f080e78',
    '/models/gpt-4o-2024-08-06',
    // With the sum of an IBAN
    '/responses/resp_RO47Q77To6yAzD42KpExjqmt',
    '/files?after=file-RO47Q77To6yAzD42KpExjqmt',
    '/vector_stores/vs_1/file_batches/vsfb_1/files',
  ]) {
    assert.equal((await fetch(`${sidecar.url}${path}`)).status, 200, path);
  }
});

test('binary bodies pass as they are', async (t) => {
  const { sidecar, received } = await startMasking(t);
  const answer = await fetch(`${sidecar.url}/brand/new`, {
    method: 'POST',
    headers: { 'content-type': 'audio/wav' },
    body: 'RIFF',
  });
  assert.equal(answer.status, 200);
  assert.match(received[0]!, /RIFF$/);
});

test('answers are asked for as plain bytes, so that something can be put back', async (t) => {
  const upstream = await startUpstream(t, async (request, response) => {
    await readText(request);
    const body = JSON.stringify({
      object: 'list',
      data: [{ content: [{ type: 'text', text: `I am ${email}` }] }],
    });
    const isAsked = String(request.headers['accept-encoding']).includes('gzip');
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(isAsked && { 'content-encoding': 'gzip' }),
    });
    response.end(isAsked ? gzipSync(body) : body);
  });
  const config = 'redaction: { mode: mask, outputs: true }';
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config });
  const answer = await fetch(`${sidecar.url}/conversations/conv_1/items`, {
    headers: { 'accept-encoding': 'gzip' },
  });
  assert.match(await answer.text(), /I am \[EMAIL\]/);
});

test('rules that match a user by name do so although the name is hidden', async (t) => {
  const { sidecar } = await startMasking(
    t,
    `
redaction: { mode: mask, hashKey: 0123456789abcdef }
identity: { user: ["header:x-user-id"] }
budgets: [{ name: own, per: [user], match: { user: ${email} }, limit: { tokens: 5 }, window: { every: day } }]
`,
  );
  const call = (user: string) =>
    postJson(`${sidecar.url}/chat/completions`, chat(1), { headers: { 'x-user-id': user } });
  const refused = await call(email);
  assert.equal(refused.status, 429);
  assert.ok(!(await refused.text()).includes(email));
  assert.equal((await call('bob')).status, 200);
});
