import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { chat, postJson, startGoverned } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { keyFile, temporaryFolder } from '../redaction/key-file.ts';

const email = 'anna.schmidt@example.org';

/** A sidecar before an upstream that keeps the JSON it is sent. */
async function startHiding(t: TestContext, redaction: string, apiKey = 'sk-0123456789abcdef') {
  const received: Record<string, string>[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    received.push(JSON.parse(await readText(request)) as Record<string, string>);
    answerJson(response, { id: 'x', usage: {} });
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { OPENAI_API_KEY: apiKey },
    config: `redaction: { ${redaction} }`,
  });
  const send = async (names: object): Promise<Record<string, string>> => {
    const answer = await postJson(`${sidecar.url}/chat/completions`, { ...chat(1), ...names });
    assert.equal(answer.status, 200, await answer.text());
    return received.at(-1)!;
  };
  return { sidecar, send };
}

test('whom a call is for is sent by a digest: the same for the same, and another for another', async (t) => {
  for (const redaction of [
    'mode: mask, hashKey: 0123456789abcdef',
    `mode: pseudonymize, encryptionKeyFile: ${keyFile(t)}`,
  ]) {
    const { send } = await startHiding(t, redaction);
    const members = ['prompt_cache_key', 'safety_identifier', 'user'] as const;
    for (const member of members) {
      const first = await send({ [member]: `tenant-7/${email}` });
      assert.match(first[member]!, /^hidden-[0-9a-f]{16}$/);
      assert.equal((await send({ [member]: `tenant-7/${email}` }))[member], first[member]);
      assert.notEqual((await send({ [member]: 'tenant-7/b@example.org' }))[member], first[member]);
      const plain = 'user_68af4030baa48193b0b43b4c2a176a1a';
      assert.equal((await send({ [member]: plain }))[member], plain);
    }
    // As a number, and as JSON
    assert.match((await send({ user: '4111111111111111' }))['user']!, /^hidden-/);
    assert.match((await send({ user: `{"mail":"${email}"}` }))['user']!, /^hidden-/);
  }
});

test('the digest of a name is the same on every pod that has the same key: of hashes, or else of originals, or else of the upstream', async (t) => {
  const file = keyFile(t);
  const digestUnder = async (redaction: string, apiKey?: string) => {
    const { send, sidecar } = await startHiding(t, redaction, apiKey);
    const { user } = await send({ user: email });
    return { user, warnings: sidecar.logLines().filter(({ msg }) => /redaction\.hashKey/.test(String(msg))) };
  };
  const hashed = await digestUnder('mode: mask, hashKey: 0123456789abcdef');
  assert.deepEqual(
    await digestUnder(`mode: mask, hashKey: 0123456789abcdef, encryptionKeyFile: ${file}`),
    hashed,
  );
  assert.equal(hashed.warnings.length, 0);
  const sealed = await digestUnder(`mode: mask, encryptionKeyFile: ${file}`);
  assert.deepEqual(await digestUnder(`mode: pseudonymize, encryptionKeyFile: ${file}`), sealed);
  assert.equal(sealed.warnings.length, 0);
  const byUpstream = await digestUnder('mode: mask');
  assert.deepEqual(await digestUnder('mode: mask'), byUpstream);
  assert.equal(byUpstream.warnings.length, 0);
  const own = await digestUnder('mode: mask', 'none');
  const others = await digestUnder('mode: mask', 'none');
  assert.deepEqual([own.warnings.length, others.warnings.length], [1, 1]);
  assert.equal(new Set([hashed, sealed, byUpstream, own, others].map(({ user }) => user)).size, 5);
});

for (const pattern of [email, '*@example.org']) {
  test(`a budget for ${pattern} binds the model calls of that user's runs, and the store never hears the name`, async (t) => {
    const stateDir = temporaryFolder(t);
    const { sidecar, settled, standIn } = await startGoverned(t, {
      env: { ASSISTANT_PROXY_STORE_STATE_DIR: stateDir },
      config: `
redaction: { mode: mask, hashKey: 0123456789abcdef }
identity: { user: ["header:x-user-id"] }
budgets: [{ name: own, match: { user: "${pattern}" }, limit: { tokens: 100000 }, window: { every: day } }]
`,
    });
    const post = async (path: string, body: object, user: string) => {
      const headers = { 'openai-beta': 'assistants=v2', 'x-user-id': user };
      const answer = await postJson(`${sidecar.url}${path}`, body, { headers });
      return (await answer.json()) as { id: string };
    };
    const { id } = await post('/assistants', { model: 'gpt-4o' }, email);
    const run = async (user: string) => {
      const thread = { messages: [{ role: 'user', content: 'Hello' }] };
      const answer = await postJson(
        `${sidecar.url}/threads/runs`,
        { assistant_id: id, thread, stream: true },
        { headers: { 'openai-beta': 'assistants=v2', 'x-user-id': user } },
      );
      assert.match(await answer.text(), /thread\.run\.completed/);
    };
    await run(email);
    const { used } = await settled('own');
    assert.ok(used > 0);
    await run('bob@elsewhere.example');
    assert.equal((await settled('own')).used, used, 'of others it does not');
    assert.ok(standIn.requests.length >= 2);
    await sidecar.shutDown();
    const kept = readdirSync(stateDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
      .join('');
    assert.ok(kept.includes('hidden-') && !kept.includes('schmidt') && !kept.includes(pattern));
  });
}
