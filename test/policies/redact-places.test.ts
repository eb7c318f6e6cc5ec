import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import OpenAI from 'openai';

import { postJson } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { startSidecar, upstreamKey } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { keyFile } from '../redaction/key-file.ts';
import { startStandIn } from '../stand-in/stand-in.ts';

const email = 'anna.schmidt@example.org';

async function startKeeping(t: TestContext, config: string) {
  const received: string[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    received.push(request.method === 'GET' ? request.url! : await readText(request));
    answerJson(response, { id: 'x', usage: {} });
  });
  return { sidecar: await startSidecar(t, { upstreamUrl: upstream.url, config }), received };
}

test('a value of a schema is sent by a placeholder, and comes back in arguments as it was', async (t) => {
  const standIn = await startStandIn({ apiKey: upstreamKey });
  t.after(() => standIn.close());
  const config = `redaction: { mode: pseudonymize, encryptionKeyFile: ${keyFile(t)} }`;
  const sidecar = await startSidecar(t, { upstreamUrl: standIn.url, config });
  const client = new OpenAI({ baseURL: sidecar.url, apiKey: 'any', maxRetries: 0 });
  const answer = await client.chat.completions.create({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: `[[tool:mail {"to":"b@example.org","description":"${email}"}]]` }],
    tools: [
      {
        type: 'function',
        function: {
          name: 'mail',
          parameters: {
            type: 'object',
            properties: {
              description: { type: 'string', description: `Such as ${email}` },
              to: { type: 'string', enum: ['b@example.org', email], default: email },
            },
            required: ['description', 'to'],
          },
        },
      },
    ],
  });
  const [call] = answer.choices[0]?.message.tool_calls ?? [];
  assert.ok(call?.type === 'function');
  assert.deepEqual(JSON.parse(call.function.arguments), { to: 'b@example.org', description: email });
  const [{ json } = { json: undefined }] = standIn.requests;
  assert.deepEqual(
    (json as { tools: { function: { parameters: unknown } }[] }).tools[0]?.function.parameters,
    {
      type: 'object',
      properties: {
        description: { type: 'string', description: 'Such as <EMAIL_2>' },
        to: { type: 'string', enum: ['<EMAIL_1>', '<EMAIL_2>'], default: '<EMAIL_2>' },
      },
      required: ['description', 'to'],
    },
  );
});

test('addresses of images keep what they are fetched by, and lose personal data in their queries; that is counted', async (t) => {
  const { sidecar, received } = await startKeeping(t, 'redaction: { mode: mask }');
  const signed = [
    'https://b.s3.eu-west-1.amazonaws.com/a%20b.png?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261128%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20261128T180000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=98f1c9f47b39a4c40662680a9b029b046b7da5542c2e35d67edb8ba18d2ccf5b',
    'https://storage.googleapis.com/b/o.png?GoogleAccessId=reader%40project.iam.gserviceaccount.com&Expires=1795889000&Signature=Ef7Z%2Bm0g%2Fk3b4111111111111111%3D%3D',
    'https://a.blob.core.windows.net/c/f.png?sv=2024-11-04&st=2026-11-28T17%3A00%3A00Z&se=2026-11-29T18%3A00%3A00Z&sr=b&sp=r&sip=203.0.113.7&sig=7V%2BmZg0Tq4Yb4KpExjqmt%2Fk3bRO47Q77To6yAzD42K%3D',
    'https://d111.cloudfront.net/i.png?Expires=1795889000&Signature=abc~def_&Key-Pair-Id=APKAEIBAERJR2EXAMPLE',
    'https://203.0.113.7/i.png?id=file-RO47Q77To6yAzD42KpExjqmt&v=550e8400-e29b-41d4-a716-446655440000',
  ];
  const ask = (image_url: string) => {
    const content = [{ type: 'input_image', image_url }];
    return postJson(`${sidecar.url}/responses`, { model: 'gpt-4o', input: [{ role: 'user', content }] });
  };
  for (const url of signed) {
    await ask(url);
    assert.ok(received.at(-1)!.includes(`"${url}"`), received.at(-1));
  }
  assert.equal(await metricSum(sidecar, 'assistant_proxy_redactions_total'), 0);
  await ask(
    `https://anna:secret@i.example/a.png?for=${encodeURIComponent(email)}&card=4111-1111-1111-1111&w=64`,
  );
  assert.ok(
    received
      .at(-1)!
      .includes(
        '"https://%5BURL_CREDENTIALS%5D@i.example/a.png?for=%5BEMAIL%5D&card=%5BCREDIT_CARD%5D&w=64"',
      ),
    received.at(-1),
  );
  assert.equal(await metricSum(sidecar, 'assistant_proxy_redactions_total', { mode: 'mask' }), 3);
});

test('what an operation of administrators is for is left alone, and nothing else of it', async (t) => {
  const { sidecar, received } = await startKeeping(t, 'redaction: { mode: mask }');
  await postJson(`${sidecar.url}/organization/invites`, { email, role: 'reader', note: email });
  await postJson(`${sidecar.url}/organization/projects/proj_1/users`, { email, role: 'member' });
  await fetch(`${sidecar.url}/organization/users?emails=${encodeURIComponent(email)}`);
  await postJson(`${sidecar.url}/organization/spend_alerts`, {
    notification_channel: { type: 'email', recipients: [email], subject_prefix: `For ${email}` },
  });
  assert.deepEqual(
    received.map((one) => (one.startsWith('{') ? (JSON.parse(one) as unknown) : one)),
    [
      { email, role: 'reader', note: '[EMAIL]' },
      { email, role: 'member' },
      `/v1/organization/users?emails=${encodeURIComponent(email)}`,
      { notification_channel: { type: 'email', recipients: [email], subject_prefix: 'For [EMAIL]' } },
    ],
  );
});
