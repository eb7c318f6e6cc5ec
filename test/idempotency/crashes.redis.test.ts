import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { temporaryDirectory } from '../embedded/temporary-directory.ts';
import { startGatedUpstream } from '../harness/gated-upstream.ts';
import { spawnSidecar } from '../harness/processes.ts';
import { startRedis } from '../harness/redis.ts';
import { startSidecar } from '../harness/sidecar.ts';
import { type Answered, post } from './keyed-calls.ts';

const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] };
const leaseMs = 1000;

/** A pod in a process of its own, with a call that waits for its answer. */
async function startVictim(t: TestContext, env: Record<string, string>) {
  const upstream = await startGatedUpstream(t);
  const victim = await spawnSidecar(t, upstream.url, {
    ASSISTANT_PROXY_STORE_LEASE_MS: `${leaseMs}`,
    ...env,
  });
  const call = post(victim, chat).catch((error: Error) => error);
  await upstream.arrival(1);
  return { upstream, victim, call };
}

function assertAbandoned({ status, code, text, headers, isReplayed }: Answered): void {
  assert.deepEqual([status, code, isReplayed], [502, 'upstream_unreachable', true]);
  assert.match(text, /broke off, and may have run\. Use another key to make it again\./);
  assert.equal(headers.get('x-should-retry'), 'false');
}

describe('a call with an Idempotency-Key whose sidecar is killed', () => {
  test('is not made again by another pod, which tells so once the lease has lapsed', async (t) => {
    const { url } = await startRedis(t);
    const { upstream, victim, call } = await startVictim(t, { REDIS_URL: url });
    const other = await startSidecar(t, { upstreamUrl: upstream.url, env: { REDIS_URL: url } });
    const waiting = post(other, chat);
    victim.signal('SIGKILL');
    assert.ok((await call) instanceof Error);
    assertAbandoned(await waiting);
    assertAbandoned(await post(other, chat));
    assert.equal((await post(other, { ...chat, n: 2 })).code, 'idempotency_key_reused');
    assert.equal(upstream.arrivals.length, 1);
    const anew = post(other, chat, { key: 'key 2' });
    (await upstream.arrival(2)).answer();
    assert.equal((await anew).status, 200);
    assert.equal((await post(other, chat, { key: 'key 2' })).isReplayed, true);
  });

  test('is not made again by the next one of its directory, which tells so at once', async (t) => {
    const stateDir = temporaryDirectory(t);
    const env = { ASSISTANT_PROXY_STORE_STATE_DIR: stateDir, ASSISTANT_PROXY_STORE_LEASE_MS: '3600000' };
    const { upstream, victim, call } = await startVictim(t, env);
    victim.signal('SIGKILL');
    await victim.exitCode;
    assert.ok((await call) instanceof Error);
    const next = await startSidecar(t, { upstreamUrl: upstream.url, env });
    assertAbandoned(await post(next, chat));
    assert.equal(upstream.arrivals.length, 1);
  });

  test('is waited for as long as its sidecar lives, though that takes longer than a lease', async (t) => {
    const { url } = await startRedis(t);
    const { upstream, call } = await startVictim(t, { REDIS_URL: url });
    const other = await startSidecar(t, { upstreamUrl: upstream.url, env: { REDIS_URL: url } });
    const waiting = post(other, chat);
    const first = await Promise.race([waiting, sleep(3 * leaseMs)]);
    assert.equal(first, undefined, 'it still waits');
    upstream.arrivals[0]!.answer();
    const { text } = (await call) as Answered;
    assert.deepEqual([(await waiting).text, (await waiting).isReplayed], [text, true]);
    assert.equal(upstream.arrivals.length, 1);
  });
});
