import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { assistantsHeaders } from '../harness/governed.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { leaksIn, planted, plantedCalls, plantedText } from './planted-bodies.ts';

/**
 * Sends personal data in every free text of every operation, with budgets, keys and all that keeps something, and
 * looks for it wherever it must not be: upstream, in logs, metrics, budgets and errors, and in what the store keeps.
 *
 * @param store YAML of the section, and how to read all that it keeps once the sidecar has ended.
 */
export async function searchForLeaks(
  t: TestContext,
  mode: 'mask' | 'hash' | 'pseudonymize' | 'observe',
  store: { readonly yaml: string; readonly stateDir: string; content?(): Promise<string> },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const keys = join(folder, 'keys');
  writeFileSync(keys, `k1:${Buffer.alloc(32, 7).toString('base64')}\n`);
  const received: string[] = [];
  const upstream = await startUpstream(t, async (request, response) => {
    received.push(`${request.url} ${JSON.stringify(request.headers)} ${await readText(request)}`);
    // Some fail, so that errors are told and logged.
    if (received.length % 3 === 0) return answerJson(response, { error: { message: 'No.', type: 'x' } }, 400);
    return answerJson(response, { id: `id_${received.length}`, object: 'x', usage: {} });
  });
  const sidecar = await startSidecar(t, {
    upstreamUrl: upstream.url,
    env: { ASSISTANT_PROXY_STORE_STATE_DIR: store.stateDir },
    config: `
store: { ${store.yaml} }
identity: { user: [metadata.own, "header:x-user-id"] }
budgets: [{ name: user-day, per: [user], limit: { tokens: 1000 }, window: { every: day } }]
limits: [{ name: user-calls, per: [user, metadata.own], requests: { rate: 1000, per: second, burst: 1000 } }]
redaction: { mode: ${mode}, encryptionKeyFile: ${keys}, hashKey: 0123456789abcdef }
`,
  });

  const told: string[] = [];
  const send = async (
    path: string,
    body: string | FormData,
    headers: Record<string, string>,
  ): Promise<void> => {
    const answer = await fetch(`${sidecar.url}${path}`, {
      method: 'POST',
      headers: { ...assistantsHeaders, 'x-user-id': 'u1', ...headers },
      body,
    });
    const text = await answer.text();
    // Where it comes back to who sent it, that is no leak; in an error it is.
    if (answer.status >= 400) told.push(text);
  };
  await serveThread(async (path, body) => {
    const answer = await fetch(`${sidecar.url}${path}`, {
      method: 'POST',
      headers: { ...assistantsHeaders, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return (JSON.parse(text) as { id: string }).id;
  });
  const calls = plantedCalls();
  for (const [index, { path, body }] of calls.entries()) {
    const headers = { 'content-type': 'application/json', 'idempotency-key': `key ${index}` };
    await send(path, JSON.stringify(body), headers);
  }
  await send(`/brand/new?to=${encodeURIComponent(planted.email)}`, JSON.stringify({ say: plantedText }), {
    'content-type': 'application/json',
  });
  const form = new FormData();
  form.set('purpose', 'assistants');
  form.set('file', new Blob([plantedText.repeat(300)], { type: 'text/plain' }), `${planted.email}.txt`);
  await send('/files', form, {});
  await send('/chat/completions', `{"broken ${plantedText}`, { 'content-type': 'application/json' });

  assert.ok(received.length > 60, `${received.length} calls went upstream`);
  const metrics = await sidecar.metrics();
  const budgets = JSON.stringify(await sidecar.budgets());
  const logs = JSON.stringify(sidecar.logLines());
  await sidecar.shutDown();
  const files = readdirSync(store.stateDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  assert.ok(store.content || files.join('').includes('thread_'), 'the store is in the files');
  for (const [place, text] of [
    ['upstream', received.join('\n')],
    ['errors', told.join('\n')],
    ['logs', logs],
    ['metrics', metrics],
    ['budgets', budgets],
    ['files', files.join('\n')],
    ['store', (await store.content?.()) ?? ''],
  ] as const) {
    assert.deepEqual(leaksIn(text), [], place);
  }
  t.diagnostic(
    `${calls.length} operations, ${received.length} calls upstream, ${told.length} errors: 0 hits`,
  );
}

/** What is kept here of assistants and threads, and goes to a model from there. */
async function serveThread(post: (path: string, body: object) => Promise<string>): Promise<void> {
  const metadata = { own: plantedText };
  const message = { role: 'user', content: plantedText, metadata };
  const assistant_id = await post('/assistants', {
    model: 'gpt-4o',
    name: planted.email,
    description: plantedText,
    instructions: plantedText,
    metadata,
    tools: [{ type: 'function', function: { name: 'f', description: plantedText, parameters: {} } }],
  });
  const thread = await post('/threads', { messages: [message], metadata });
  await post(`/threads/${thread}/messages`, message);
  await post(`/threads/${thread}/runs`, {
    assistant_id,
    instructions: plantedText,
    additional_messages: [message],
    metadata,
  });
  await post('/threads/runs', { assistant_id, thread: { messages: [message] }, instructions: plantedText });
}
