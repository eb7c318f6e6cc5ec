import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { becomeOwner } from '../../src/embedded/own-directory.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { chat, postJson, startGoverned } from '../harness/governed.ts';
import { until } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { answerJson, readText, startUpstream } from '../harness/upstream.ts';
import { keyFile, temporaryFolder } from '../redaction/key-file.ts';
import { enacted, refused } from './enacted.ts';

const month = (tokens: number, more = '') =>
  `budgets: [{ name: month, limit: { tokens: ${tokens} }, window: { every: month }, onTight: deny${more} }]`;

test('what is held where a call names no maximum is what the file says now', async (t) => {
  const held = (outputTokens: number) => `${month(2000)}\nestimates: { outputTokens: ${outputTokens} }`;
  const { sidecar, post } = await startGoverned(t, { config: held(3000) });
  const statusOf = async () =>
    (await post('/chat/completions', chat(3, { max_completion_tokens: undefined }))).status;
  assert.equal(await statusOf(), 429);
  await enacted(sidecar, held(100));
  assert.equal(await statusOf(), 200);
});

test('how long a call may take is what the file says now, and for a call under way what it said then', async (t) => {
  const upstream = await startGatedUpstream(t);
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: '' });
  const ask = () => postJson(`${sidecar.url}/chat/completions`, chat(3));
  const slow = ask();
  const { answer } = await upstream.arrival(1);
  await enacted(sidecar, 'timeouts: { generation: { firstByteMs: 100 } }\nretry: { maxAttempts: 1 }');
  assert.equal((await ask()).status, 504);
  answer();
  assert.equal((await slow).status, 200);
});

test('a webhook that is named now is told of what is reached from then on', async (t) => {
  const told: string[] = [];
  const webhook = await startUpstream(t, async (request, response) => {
    told.push(await readText(request));
    answerJson(response, {});
  });
  const { sidecar, post, settled } = await startGoverned(t, { config: month(300) });
  const spend = async () => {
    await (await post('/chat/completions', chat(40))).text();
    await settled('month');
  };
  await spend();
  await enacted(
    sidecar,
    `${month(300)}\nthresholdPercents: [30]\nwebhook: { url: '${new URL(webhook.url).origin}/budget' }`,
  );
  await spend();
  await until(async () => told.length === 1);
  assert.match(told[0]!, /"budget":"month".*"percent":30/);
});

test('metrics tell the end of a window, and of a window that rolls now none', async (t) => {
  const rolling = month(1000).replace('every: month', 'rolling: 7d');
  const { sidecar, post, settled } = await startGoverned(t, { config: month(1000) });
  const spend = async () => {
    await (await post('/chat/completions', chat(5))).text();
    await settled('month');
  };
  const ends = async () =>
    (await sidecar.metrics()).includes('assistant_proxy_budget_window_end_timestamp_seconds{');
  await spend();
  assert.ok(await ends());
  await enacted(sidecar, rolling);
  await spend();
  assert.ok(!(await ends()));
  const { budgets } = (await (await fetch(`${sidecar.adminUrl}/status`)).json()) as {
    budgets: { rows: { isRolling: boolean; history: unknown[] }[] };
  };
  assert.deepEqual(
    budgets.rows.map(({ isRolling, history }) => [isRolling, history.length]),
    [[true, 3]],
  );
  await enacted(sidecar, month(1000));
  assert.ok(await ends());
});

test('a name that is hidden from now on still fits the budgets that name it', async (t) => {
  const ofAnn = (mode: string) => `${month(100_000, ", match: { user: ['ann@*'] }")}
identity: { user: [body.user] }
redaction: { mode: ${mode} }`;
  const { sidecar, post, settled } = await startGoverned(t, { config: ofAnn("'off'") });
  const spend = async () => {
    await (await post('/chat/completions', chat(5, { user: 'ann@example.com' }))).text();
    return (await settled('month')).used;
  };
  const plain = await spend();
  await enacted(sidecar, ofAnn('mask'));
  const hidden = await spend();
  assert.ok(hidden > plain, `${hidden} ${plain}`);
  await enacted(sidecar, ofAnn("'off'"));
  assert.ok((await spend()) > hidden);
});

test('a key file that is no longer named, or was by a change that is refused, is no longer watched', async (t) => {
  const folder = temporaryFolder(t);
  const keyed = (file: string) => {
    writeFileSync(join(folder, file), `key-of-${file}-0123456789`);
    return `auth: { keys: [{ name: k, keyFile: ${join(folder, file)} }] }`;
  };
  writeFileSync(join(folder, 'no-folder'), '');
  const env = {
    ASSISTANT_PROXY_STORE_STATE_DIR: join(folder, 'no-folder', 'state'),
    ASSISTANT_PROXY_ASSISTANTS_BACKEND: 'passthrough',
  };
  const { sidecar } = await startGoverned(t, { config: keyed('first'), env });
  await enacted(sidecar, keyed('second'));
  await refused(sidecar, `${keyed('third')}\n${month(100)}`);
  await enacted(sidecar, `${keyed('second')}\nretry: { maxAttempts: 2 }`);
  rmSync(join(folder, 'first'));
  rmSync(join(folder, 'third'));
  await sleep(2500);
  const told = () => sidecar.logLines().filter(({ msg }) => msg === 'key not reread');
  assert.deepEqual(told(), []);
  rmSync(join(folder, 'second'));
  await until(async () => told().length === 1);
});

test('what is retried is a share of the calls that the file says now', async (t) => {
  let asked = 0;
  const upstream = await startUpstream(t, (_request, response) => {
    asked += 1;
    answerJson(response, {}, 503);
  });
  const budget = (percent: number) =>
    `retry: { maxAttempts: 3, baseMs: 1, maxMs: 1, budgetPercent: ${percent} }`;
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: budget(0) });
  const ask = async () => {
    asked = 0;
    await (await fetch(`${sidecar.url}/models`)).text();
    return asked;
  };
  assert.equal(await ask(), 1);
  await enacted(sidecar, budget(20));
  assert.equal(await ask(), 3);
});

test('whenever in a change the end comes, nothing that it opens is left open', async (t) => {
  const delaysMs = [850, 925, 1000, 1050, 1100, 1200];
  await Promise.all(
    delaysMs.map(async (delayMs) => {
      const stateDir = join(temporaryFolder(t), 'state');
      const stored = `store: { encryptionKeyFile: ${keyFile(t)} }`;
      const env = { ASSISTANT_PROXY_STORE_STATE_DIR: stateDir };
      const { sidecar } = await startGoverned(t, { config: stored, env });
      sidecar.writeConfig(`${stored}\nredaction: { mode: pseudonymize }\n${month(1000)}`);
      await sleep(delayMs);
      assert.equal(await sidecar.shutDown(), true);
      becomeOwner(stateDir).close();
    }),
  );
});

test('what is to be hidden from now on is hidden in what traces tell of the next answer', async (t) => {
  const collected: string[] = [];
  const collector = await startUpstream(t, async (request, response) => {
    collected.push(await readText(request));
    answerJson(response, {});
  });
  const upstream = await startUpstream(t, (_request, response) =>
    answerJson(response, {
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Ask ann@example.com' } }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    }),
  );
  const env = {
    ASSISTANT_PROXY_TELEMETRY_OTLP_ENDPOINT: new URL(collector.url).origin,
    ASSISTANT_PROXY_TELEMETRY_CAPTURE_CONTENT: 'true',
  };
  const sidecar = await startSidecar(t, { upstreamUrl: upstream.url, config: '', env });
  const ask = async () => (await postJson(`${sidecar.url}/chat/completions`, chat(3))).text();
  await ask();
  await enacted(sidecar, 'redaction: { mode: mask }');
  await ask();
  await sidecar.shutDown();
  const told = collected.join('').match(/Ask (?:ann@example\.com|\[EMAIL\])/g);
  assert.deepEqual(told, ['Ask ann@example.com', 'Ask [EMAIL]']);
});
