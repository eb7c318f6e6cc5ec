import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startSidecar } from '../harness/sidecar.ts';
import { startUpstream } from '../harness/upstream.ts';

/** An upstream that allows `limit` requests, all of them again after `resetMs`, and 429s what comes beyond. */
async function startLimitedUpstream(t: Parameters<typeof startUpstream>[0], limit: number, resetMs: number) {
  let left = limit;
  const seen = { arrivedAtMs: [] as number[], refused: 0 };
  const refill = setInterval(() => (left = Math.min(limit, left + 1)), resetMs / limit);
  t.after(async () => clearInterval(refill));
  const { url } = await startUpstream(t, (request, response) => {
    request.resume().once('end', () => {
      seen.arrivedAtMs.push(performance.now());
      if (left <= 0) seen.refused += 1;
      else left -= 1;
      response.writeHead(left < 0 ? 429 : 200, {
        'content-type': 'application/json',
        'x-ratelimit-limit-requests': String(limit),
        'x-ratelimit-remaining-requests': String(Math.max(0, left)),
        'x-ratelimit-reset-requests': `${Math.round(((limit - left) * resetMs) / limit)}ms`,
      });
      response.end('{"id":"chatcmpl-1","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}');
    });
  });
  return { url, seen };
}

const chat = (url: string) =>
  fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] }),
  });

test('calls slow down before the upstream has to refuse them', async (t) => {
  const { url, seen } = await startLimitedUpstream(t, 5, 1000);
  const sidecar = await startSidecar(t, { upstreamUrl: url });
  for (let index = 0; index < 12; index += 1) assert.equal((await chat(sidecar.url)).status, 200);
  assert.equal(seen.refused, 0);
  const text = await sidecar.metrics();
  assert.match(
    text,
    /assistant_proxy_upstream_ratelimit_limit{upstream="primary",model="gpt-4o",kind="requests"} 5/,
  );
  assert.match(
    text,
    /assistant_proxy_upstream_pacing_seconds_total{upstream="primary",model="gpt-4o"} [\d.]+/,
  );
});

test('no call waits longer than configured, and with 0 none waits', async (t) => {
  const { url, seen } = await startLimitedUpstream(t, 2, 3_600_000);
  const sidecar = await startSidecar(t, {
    upstreamUrl: url,
    env: { ASSISTANT_PROXY_UPSTREAM_PACE_UP_TO_MS: '0' },
  });
  for (let index = 0; index < 4; index += 1) await chat(sidecar.url);
  assert.equal(seen.arrivedAtMs.length, 4);
  assert.doesNotMatch(await sidecar.metrics(), /pacing_seconds_total{/);
});

test('a caller that leaves while its call waits is not sent', async (t) => {
  const { url, seen } = await startLimitedUpstream(t, 1, 60_000);
  const sidecar = await startSidecar(t, { upstreamUrl: url });
  await chat(sidecar.url);
  const controller = new AbortController();
  const left = fetch(`${sidecar.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"model":"gpt-4o","messages":[]}',
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(), 100);
  await assert.rejects(left);
  const deadlineMs = performance.now() + 5000;
  while (!sidecar.logLines().some(({ status }) => status === 499) && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(seen.arrivedAtMs.length, 1);
});
