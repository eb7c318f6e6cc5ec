import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Agent, request } from 'undici';

import { spawnSidecar, spawnStandIn } from '../harness/processes.ts';

test('SIGTERM under load: running streams finish whole, new connections are refused, exit code 0', async (t) => {
  const standIn = await spawnStandIn(t, '--chunk-delay-ms', '60');
  const sidecar = await spawnSidecar(t, standIn.url);
  const agent = new Agent({ connections: null });
  t.after(() => agent.destroy());

  // Twenty callers ask one question after another until they are refused.
  const running = Promise.withResolvers<void>();
  let whole = 0;
  let cut = 0;
  const callers = Array.from({ length: 20 }, async () => {
    for (;;) {
      const answer = await ask(agent, sidecar.url).catch(() => undefined);
      // A refused connection, or one that the drain had closed before the request left.
      if (answer === undefined) return;
      running.resolve();
      const text = await answer.body.text().catch(() => '');
      if (text.endsWith('data: [DONE]\n\n')) whole += 1;
      else cut += 1;
    }
  });
  await running.promise;
  await sleep(700);
  const ready = await fetch(`${sidecar.adminUrl}/readyz`);
  assert.equal(ready.status, 200);
  const before = whole;
  sidecar.signal('SIGTERM');
  await sleep(50);
  const draining = await fetch(`${sidecar.adminUrl}/readyz`);
  assert.deepEqual([draining.status, await draining.text()], [503, 'draining\n']);
  await assert.rejects(ask(new Agent(), sidecar.url), { code: 'ECONNREFUSED' });

  await Promise.all(callers);
  assert.equal(await sidecar.exitCode, 0);
  assert.equal(cut, 0);
  assert.ok(whole - before >= 20, 'streams that ran at the signal must have finished after it');
  const endings = sidecar
    .output()
    .split('\n')
    .filter((line) => line.includes('"msg":"request"'))
    .map((line) => (JSON.parse(line) as { ending: string }).ending);
  assert.equal(endings.length, whole, 'every request must have its log line, the last ones too');
  assert.ok(endings.every((ending) => ending === 'complete'));
});

test('what still runs at the end of the grace period is cut, and the exit code says so', async (t) => {
  const standIn = await spawnStandIn(t, '--chunk-delay-ms', '1000');
  const sidecar = await spawnSidecar(t, standIn.url, { ASSISTANT_PROXY_SHUTDOWN_GRACE_PERIOD_MS: '300' });
  const answer = await ask(new Agent(), sidecar.url);
  sidecar.signal('SIGTERM');
  await assert.rejects(answer.body.text());
  assert.equal(await sidecar.exitCode, 1);
});

function ask(agent: Agent, url: string) {
  return request(`${url}/chat/completions`, {
    method: 'POST',
    dispatcher: agent,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-4o',
      stream: true,
      messages: [{ role: 'user', content: 'Tell me something. [[words:10]]' }],
    }),
  });
}
