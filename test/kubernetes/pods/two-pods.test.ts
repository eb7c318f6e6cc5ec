import assert from 'node:assert/strict';
import { test } from 'node:test';

import { callFrom } from './call-from.ts';
import { filesWith, injectedPod } from './injected-pod.ts';
import { connectTwoPods } from './network.ts';
import { runPod } from './run-pod.ts';
import { spawnStandInIn } from './stand-in-pod.ts';

for (const family of ['IPv4', 'IPv6'] as const) {
  test(`in a cluster with ${family} alone, and the environment that the injector sets, only the sidecar's own pod reaches its port; probes and metrics are reached from others`, async (t) => {
    const [own, other] = await connectTwoPods(t, family);
    const upstreamPort = await spawnStandInIn(t, own);
    const pod = injectedPod();
    const { containers } = await runPod(t, own, pod, {
      files: filesWith(upstreamPort),
      commands: { 'assistant-proxy': ['src/main.ts'], web: ['-e', 'setInterval(() => {}, 1000)'] },
    });
    const { OPENAI_BASE_URL: baseUrl } = containers.find(({ name }) => name === 'web')!.env;
    assert.equal(baseUrl, 'http://127.0.0.1:8080/v1');
    const [fromOwn, fromOther] = [callFrom(t, own), callFrom(t, other)];

    const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] });
    const headers = { 'content-type': 'application/json' };
    const answered = await fromOwn(`${baseUrl}/chat/completions`, { method: 'POST', headers, body });
    assert.equal(answered.status, 200, answered.body);

    const refused = { status: 0, body: 'ECONNREFUSED' };
    assert.deepEqual(await fromOther(`http://${own.address}:8080/v1/models`), refused);
    assert.deepEqual(
      await fromOther(`${baseUrl}/models`),
      refused,
      "the other pod's own loopback is its own",
    );
    assert.deepEqual(await fromOwn(`http://${own.address}:8080/v1/models`), refused);

    assert.equal((await fromOther(`http://${own.address}:9090/readyz`)).status, 200);
    const { body: budgets } = await fromOther(`http://${own.address}:9090/budgets`);
    assert.match(budgets, /"scope":\s*"team=discovery"/);
    const { body: metrics } = await fromOther(`http://${own.address}:9090/metrics`);
    assert.match(metrics, /^assistant_proxy_/m);
    assert.ok(!metrics.includes('sk-stand-in'));
  });
}
