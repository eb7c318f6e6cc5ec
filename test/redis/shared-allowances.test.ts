import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { unpackDoubles } from '../../src/redis/doubles.ts';
import { createRedisSharedAllowances } from '../../src/redis/redis-shared-allowances.ts';
import { StoreUnavailable } from '../../src/store-unavailable.ts';
import type {
  CommonModel,
  KindNews,
  ModelNews,
  SharedAllowances,
} from '../../src/upstream-limits/shared-allowances.ts';
import { startCluster, startRedis, until } from '../harness/redis.ts';
import { startScriptedServer } from './scripted-server.ts';

const account = { name: 'primary', origin: 'https://api.openai.com' };
const key = 'p:{::primary:https%3A%2F%2Fapi.openai.com}:l:gpt-4o';
const maxWaitMs = 2000;
const nothing: KindNews = { taken: 0, spent: 0, heard: undefined, seen: undefined };

function aboutRequests(requests: Partial<KindNews>, heldForMs = 0, model = 'gpt-4o'): ModelNews {
  return { model, heldForMs, kinds: { requests: { ...nothing, ...requests }, tokens: nothing } };
}

/** Ten of a hundred are left, and one comes every 100 s: none, for as long as a test takes. */
const slow = { limit: 100, left: 10, perMs: 1e-5, seenAgoMs: 0 };

test('what one pod saw and took is what another one hears, and expires when all of it is there again', async (t) => {
  const { redis, pod } = await startPods(t);
  const [a, b] = [await pod(), await pod()];
  assert.deepEqual(await exchange(b, aboutRequests({ taken: 1 })), unknown);
  assert.deepEqual(await redis.client.keys('*'), [], 'asking leaves nothing behind');

  const told = await exchange(a, aboutRequests({ taken: 5, spent: 0, seen: slow }));
  near(told.kinds.requests!.allowance, { limit: 100, left: 10, perMs: 1e-5, seenAgoMs: 0 });
  assert.equal(told.kinds.requests!.count.taken, 5);
  assert.equal(told.kinds.tokens, undefined);

  const heard = await exchange(b, aboutRequests({ taken: 3, spent: 3 }));
  near(heard.kinds.requests!.allowance, { limit: 100, left: 7, perMs: 1e-5, seenAgoMs: 0 });
  assert.equal(heard.kinds.requests!.count.taken, 8);

  assert.deepEqual(await redis.client.keys('*'), [key]);
  const [heldUntilUs, limit, left, atUs, perMs, seenUs, taken, sinceUs, noLimit] = unpackDoubles(
    (await redis.client.getBuffer(key))!,
  );
  assert.deepEqual([limit, Math.round(left!), perMs, taken, noLimit], [100, 7, 1e-5, 8, -1]);
  assert.equal(heldUntilUs, atUs, 'nothing is held back');
  assert.ok(sinceUs === seenUs && atUs! > seenUs!);
  const fullInMs = 93 / 1e-5;
  const ttlMs = await redis.client.pttl(key);
  assert.ok(ttlMs <= fullInMs + 60_000 && ttlMs > fullInMs + 60_000 - 10_000, `${ttlMs} ms`);
});

test('no key lives longer than a day and a minute, however slow the upstream says to be', async (t) => {
  const { redis, pod } = await startPods(t);
  const seen = { limit: 999_999_999_999_999, left: 0, perMs: 1e-17, seenAgoMs: 0 };
  await exchange(await pod(), aboutRequests({ taken: 1, seen }));
  const ttlMs = await redis.client.pttl(key);
  assert.ok(ttlMs <= 86_460_000 && ttlMs > 86_450_000, `${ttlMs} ms`);
});

test('the newer of two sightings wins, whoever tells first', async (t) => {
  const { pod } = await startPods(t);
  const [a, b] = [await pod(), await pod()];
  await exchange(a, aboutRequests({ seen: { ...slow, left: 40, seenAgoMs: 60_000 } }));
  await exchange(b, aboutRequests({ seen: { ...slow, left: 90, seenAgoMs: 120_000 }, taken: 2, spent: 2 }));
  near((await exchange(a)).kinds.requests!.allowance, { ...slow, left: 38, seenAgoMs: 60_000 });
  await exchange(b, aboutRequests({ seen: { limit: 50, left: 20, perMs: 2e-5, seenAgoMs: 30_000 } }));
  near((await exchange(a)).kinds.requests!.allowance, {
    limit: 50,
    left: 20,
    perMs: 2e-5,
    seenAgoMs: 30_000,
  });
});

test('what others took since a pod last heard is not in what it says to be left', async (t) => {
  const { pod } = await startPods(t);
  const [a, b] = [await pod(), await pod()];
  const first = await exchange(a, aboutRequests({ taken: 1, seen: { ...slow, left: 50, seenAgoMs: 9000 } }));
  await exchange(b, aboutRequests({ taken: 7, spent: 7 }));
  const heard = first.kinds.requests!.count;
  const told = await exchange(
    a,
    aboutRequests({ taken: 2, heard, seen: { ...slow, left: 40, seenAgoMs: 0 } }),
  );
  near(told.kinds.requests!.allowance, { ...slow, left: 33 });
  // What was counted before the store forgot it all is no measure.
  const stale = { taken: 0, sinceUs: 1 };
  const again = await exchange(a, aboutRequests({ heard: stale, seen: { ...slow, left: 30 } }));
  near(again.kinds.requests!.allowance, { ...slow, left: 30 });
});

test('debts are bounded by the longest wait, and what was given back is there again', async (t) => {
  const { pod } = await startPods(t);
  const a = await pod();
  await exchange(a, aboutRequests({ seen: { ...slow, left: 0 } }));
  const inDebt = await exchange(a, aboutRequests({ taken: 50, spent: 50 }));
  near(inDebt.kinds.requests!.allowance, { ...slow, left: -1e-5 * maxWaitMs });
  const back = await exchange(a, aboutRequests({ spent: -500 }));
  near(back.kinds.requests!.allowance, { ...slow, left: 100 });
});

test('a hold is heard by all, the longest one wins, none is longer than a minute, and it expires', async (t) => {
  const { redis, pod } = await startPods(t);
  const [a, b] = [await pod(), await pod()];
  await exchange(a, aboutRequests({}, 20_000));
  await exchange(a, aboutRequests({}, 5000));
  const { heldForMs } = await exchange(b);
  assert.ok(heldForMs <= 20_000 && heldForMs > 15_000, `${heldForMs} ms`);
  const ttlMs = await redis.client.pttl(key);
  assert.ok(ttlMs <= 80_001 && ttlMs > 70_000, `${ttlMs} ms`);
  assert.ok((await exchange(a, aboutRequests({}, 1e12))).heldForMs <= 60_000);
});

for (const stepMs of [3_600_000, -3_600_000]) {
  test(`a store's clock that steps by ${stepMs / 60_000} minutes stops nothing`, async (t) => {
    const { redis, pod } = await startPods(t, { fakeTime: true });
    const a = await pod();
    await exchange(a, aboutRequests({ taken: 1, seen: slow }, 50_000));
    await redis.advance(stepMs);
    const { heldForMs, kinds } = await exchange(a, aboutRequests({ taken: 1, spent: 1 }));
    assert.ok(heldForMs <= 60_000);
    const { left } = kinds.requests!.allowance;
    // What an hour brings, if it went by.
    assert.ok(Math.abs(left - (stepMs > 0 ? 45 : 9)) < 0.5, `${left}`);
    const newer = await exchange(a, aboutRequests({ seen: { ...slow, left: 70 } }));
    near(newer.kinds.requests!.allowance, { ...slow, left: 70 });
  });
}

test('what clients tell at the same time is all counted, once', async (t) => {
  const { pod } = await startPods(t);
  const pods = await Promise.all(Array.from({ length: 8 }, () => pod()));
  const seen = { limit: 1_000_000, left: 500_000, perMs: 1e-9, seenAgoMs: 0 };
  await exchange(pods[0]!, aboutRequests({ seen }));
  const rounds = 50;
  await Promise.all(
    pods.map(async (one) => {
      for (let round = 0; round < rounds; round += 1) {
        const { kinds } = await exchange(one, aboutRequests({ taken: 3, spent: 3 }));
        const { allowance, count } = kinds.requests!;
        assert.ok(Math.abs(500_000 - allowance.left - count.taken) < 0.01, 'they never part');
      }
    }),
  );
  const { allowance, count } = (await exchange(pods[0]!)).kinds.requests!;
  assert.equal(count.taken, 8 * rounds * 3);
  near(allowance, { ...seen, left: 500_000 - 8 * rounds * 3 });
});

test('upstreams that differ in name or origin have nothing in common, and all models of one are one slot', async (t) => {
  const { nodes, url } = await startCluster(t);
  const pod = await openPod(t, url);
  const models = ['gpt-4o', 'a}b{c:d', ''].map((model) => aboutRequests({ seen: slow }, 0, model));
  assert.equal((await pod.exchange(account, maxWaitMs, models)).length, 3);
  for (const other of [
    { ...account, name: 'eu' },
    { ...account, origin: 'https://eu.api.openai.com' },
  ]) {
    assert.deepEqual(await pod.exchange(other, maxWaitMs, [aboutRequests({ taken: 1 })]), [unknown]);
  }
  const keys = (await Promise.all(nodes.map(({ client }) => client.keys('*')))).flat();
  assert.deepEqual(
    [...new Set(keys.map((name) => /\{[^}]*\}/.exec(name)?.[0]))],
    ['{::primary:https%3A%2F%2Fapi.openai.com}'],
  );
});

test('what another version has left is nothing', async (t) => {
  const { redis, pod } = await startPods(t);
  await redis.client.set(key, 'of another version');
  assert.deepEqual(await exchange(await pod(), aboutRequests({ taken: 1 })), unknown);
});

for (const [name, reply] of Object.entries({
  'a text': '$6\r\nlimits\r\n',
  'one model too few': '*1\r\n$6\r\nlimits\r\n',
  'a model that is none': '*2\r\n$6\r\nlimits\r\n$3\r\nabc\r\n',
  'numbers that are none': `*2\r\n$6\r\nlimits\r\n$104\r\n${'\u00ff'.repeat(104)}\r\n`,
  'another kind': `*2\r\n$6\r\nothers\r\n$104\r\n${'\0'.repeat(104)}\r\n`,
})) {
  test(`${name} for an answer is an outage`, async (t) => {
    const pod = openOne(t, await startScriptedServer(t, () => reply));
    await assert.rejects(pod.exchange(account, maxWaitMs, [aboutRequests({})]), StoreUnavailable);
  });
}

const unknown: CommonModel = { heldForMs: 0, kinds: { requests: undefined, tokens: undefined } };

async function exchange(pod: SharedAllowances, news = aboutRequests({})): Promise<CommonModel> {
  const [common] = await pod.exchange(account, maxWaitMs, [news]);
  return common!;
}

/** But for what comes in, and goes by, while a test runs. */
function near(
  actual: { limit: number; left: number; perMs: number; seenAgoMs: number },
  expected: typeof actual,
): void {
  assert.deepEqual([actual.limit, actual.perMs], [expected.limit, expected.perMs]);
  assert.ok(Math.abs(actual.left - expected.left) < 0.5, `${actual.left} is not ${expected.left}`);
  const olderMs = actual.seenAgoMs - expected.seenAgoMs;
  assert.ok(olderMs > -1 && olderMs < 25_000, `${actual.seenAgoMs} ms`);
}

async function startPods(t: TestContext, setup: { fakeTime?: boolean } = {}) {
  const redis = await startRedis(t, setup);
  return { redis, pod: () => openPod(t, redis.url) };
}

async function openPod(t: TestContext, url: string): Promise<SharedAllowances> {
  const pod = openOne(t, url);
  await until(() =>
    pod.exchange({ name: 'ready', origin: '' }, maxWaitMs, [aboutRequests({})]).then(
      () => true,
      () => false,
    ),
  );
  return pod;
}

function openOne(t: TestContext, url: string): SharedAllowances {
  const pod = createRedisSharedAllowances({ url, timeoutMs: 2000, keyPrefix: 'p', onError: () => {} });
  t.after(() => pod.close());
  return pod;
}
