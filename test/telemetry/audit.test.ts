import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

import { requestReset } from '../../src/embedded/commands.ts';
import { assistantsHeaders, chat, startGoverned } from '../harness/governed.ts';
import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const rules = `
identity: { team: "header:x-team" }
budgets: [{ name: tiny, match: { team: [small] }, limit: { tokens: 5 }, window: { every: day } }]
redaction: { mode: mask, optOut: allow }
`;

type Line = Record<string, unknown>;

const audited = (lines: readonly Line[]): Line[] => lines.filter(({ audit }) => audit === true);

/** As they would be told of: without what differs from call to call. */
function told(audited: Line): Line {
  const { time: _, level: __, audit: ___, msg: ____, requestId, ...line } = audited;
  assert.match(String(requestId), /^req_/);
  return line;
}

test('denials, opt-outs and deletions are audited, each with whose call it was and without content', async (t) => {
  const { sidecar, post } = await startGoverned(t, { config: rules });
  const remove = async (path: string) =>
    (await fetch(sidecar.url + path, { method: 'DELETE', headers: assistantsHeaders })).text();
  const created = async (path: string, body: object) =>
    ((await (await post(path, body)).json()) as { id: string }).id;

  await (await post('/chat/completions', chat(1), { headers: { 'x-team': 'small' } })).text();
  const optedOut = chat(1, { metadata: { redact: 'false' }, store: true });
  await (await post('/chat/completions', optedOut, { headers: { 'x-team': 'trusted' } })).text();
  const assistant = await created('/assistants', { model: 'gpt-4o' });
  const thread = await created('/threads', {});
  const message = await created(`/threads/${thread}/messages`, { role: 'user', content: 'Hello' });
  const paths = [`/threads/${thread}/messages/${message}`, `/threads/${thread}`, `/assistants/${assistant}`];
  for (const path of [...paths, '/assistants/asst_nobody']) await remove(path);

  const lines = audited(sidecar.logLines());
  assert.deepEqual(lines.map(told), [
    {
      event: 'denied',
      org: 'default',
      team: 'small',
      operation: 'chat.completions.create',
      errorCode: 'budget_exceeded',
      rule: 'tiny',
      ruleKind: 'budget',
    },
    { event: 'opted_out', org: 'default', team: 'trusted', operation: 'chat.completions.create' },
    { event: 'deleted', org: 'default', operation: 'threads.messages.delete', path: paths[0] },
    { event: 'deleted', org: 'default', operation: 'threads.delete', path: paths[1] },
    { event: 'deleted', org: 'default', operation: 'assistants.delete', path: paths[2] },
  ]);
  assert.ok(!JSON.stringify(lines).includes('Hello'));
});

test('a file that the upstream deleted is audited', async (t) => {
  const { sidecar } = await startGoverned(t, { config: '' });
  const form = new FormData();
  form.set('purpose', 'assistants');
  form.set('file', new Blob(['text']), 'a.txt');
  const uploaded = await fetch(`${sidecar.url}/files`, { method: 'POST', body: form });
  const { id } = (await uploaded.json()) as { id: string };
  await (await fetch(`${sidecar.url}/files/${id}`, { method: 'DELETE' })).text();
  await until(async () => audited(sidecar.logLines()).length > 0);
  const [line] = audited(sidecar.logLines());
  assert.deepEqual([line!['event'], line!['path']], ['deleted', `/files/${id}`]);
});

test('what a caller without a known key is refused is audited, without the key', async (t) => {
  const config = 'auth: { keys: [{ name: app, key: "0123456789abcdef0123" }] }';
  const { sidecar, post } = await startGoverned(t, { config });
  await (await post('/chat/completions', chat(1), { headers: { authorization: 'Bearer sk-guess' } })).text();
  const [line] = audited(sidecar.logLines());
  assert.deepEqual([line!['event'], line!['errorCode']], ['denied', 'invalid_api_key']);
  assert.ok(!JSON.stringify(sidecar.logLines()).includes('sk-guess'));
});

test('a reset that a command asks the embedded store for is audited when it is done', async (t) => {
  const stateDir = folderOf(t);
  const env = { ASSISTANT_PROXY_STORE_STATE_DIR: stateDir };
  const config = 'budgets: [{ name: day, limit: { tokens: 1000 }, window: { every: day } }]';
  const { sidecar, post, settled } = await startGoverned(t, { config, env });
  await (await post('/chat/completions', chat(1))).text();
  await settled('day');
  requestReset(stateDir, 'default', 'day');
  await until(async () => audited(sidecar.logLines()).length > 0);
  const [{ time: _, ...line } = {}] = audited(sidecar.logLines());
  assert.deepEqual(line, {
    level: 'info',
    audit: true,
    event: 'budget_reset',
    org: 'default',
    budget: 'day',
    windows: 1,
    msg: 'audit',
  });
});

test('an audit file has the audited lines alone, through its rotation and a full disk', async (t) => {
  const file = join(folderOf(t), 'audit.jsonl');
  const env = { ASSISTANT_PROXY_TELEMETRY_AUDIT_FILE: file };
  const { sidecar, post } = await startGoverned(t, { config: rules, env });
  const deny = async () =>
    (await post('/chat/completions', chat(1), { headers: { 'x-team': 'small' } })).text();
  const linesIn = (path: string): Line[] => {
    try {
      const texts = readFileSync(path, 'utf8').split('\n').filter(Boolean);
      return texts.map((text) => JSON.parse(text) as Line);
    } catch {
      return [];
    }
  };
  await deny();
  await until(async () => linesIn(file).length === 1);
  renameSync(file, `${file}.1`);
  await deny();
  await until(async () => linesIn(file).length === 1);
  rmSync(file);
  symlinkSync('/dev/full', file);
  await deny();
  await until(async () => sidecar.logLines().some(({ msg }) => String(msg).startsWith('the audit file')));
  rmSync(file);
  await until(async () => linesIn(file).length === 1);
  assert.equal(linesIn(`${file}.1`).length, 1);
  assert.deepEqual(audited(sidecar.logLines()), []);
  assert.equal(await metricSum(sidecar, 'assistant_proxy_telemetry_dropped_total'), 0);
});
