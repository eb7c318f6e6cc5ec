import assert from 'node:assert/strict';
import { test } from 'node:test';

import { callFrom } from './call-from.ts';
import { filesWith, injectedPod } from './injected-pod.ts';
import { connectTwoPods } from './network.ts';
import { runPod } from './run-pod.ts';
import { spawnStandInIn } from './stand-in-pod.ts';

test('what a Secret holds for the sidecar reaches its configuration, gives way to what the injector sets, and reaches no other container', async (t) => {
  const [network] = await connectTwoPods(t);
  const upstreamPort = await spawnStandInIn(t, network);
  const files = filesWith(upstreamPort);
  const variables = { 'search-env': { DIVISION: 'northern', ASSISTANT_PROXY_LISTEN_PORT: '8088' } };
  const pod = injectedPod({ 'assistant-proxy.io/env-secret': 'search-env' });
  const running = await runPod(t, network, pod, {
    files: { ...files, config: files.config.replace('${TEAM}', '${DIVISION}'), variables },
    commands: { 'assistant-proxy': ['src/main.ts'], web: ['-e', 'console.log(JSON.stringify(process.env))'] },
  });
  const call = callFrom(t, network);
  const answered = await call('http://127.0.0.1:8080/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  assert.equal(answered.status, 200, answered.body);
  const { body } = await call(`http://${network.address}:9090/budgets`);
  assert.match(body, /"scope":\s*"team=northern"/);
  assert.match(running.container('assistant-proxy').output(), /"proxyUrl":"http:\/\/127\.0\.0\.1:8080\/v1"/);
  const { exitCode, output } = running.container('web');
  assert.equal(await exitCode, 0);
  assert.match(output(), /OPENAI_BASE_URL/);
  assert.doesNotMatch(output(), /DIVISION|northern/);
});
