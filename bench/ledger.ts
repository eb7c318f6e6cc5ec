/**
 * What a decision costs a Redis server, with three budgets and two rate limits: decisions a second of one core, by
 * the CPU time that its main thread used, and by the clock; a bare INCRBY and an empty script are the yardsticks.
 * Then the latency of one decision alone beside that of an INCRBY. All in interleaved rounds of one run, so that a
 * noisy machine disturbs all alike.
 *
 *   npm run bench:ledger [-- --quick]
 */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';

import type { Admission, BudgetLine, RateLine } from '../src/ledger/admission.ts';
import type { Ledger } from '../src/ledger/ledger.ts';
import { createRedisLedger } from '../src/redis/redis-ledger.ts';
import { startRedis } from '../test/harness/redis.ts';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const rounds = values.quick ? 2 : 8;
const roundMs = values.quick ? 500 : 1000;
const samples = values.quick ? 2000 : 20_000;
const clients = 2;
const inFlight = 100;
const org = 'acme';
const dayMs = 86_400_000;

const budgets: BudgetLine[] = ['org-month', 'team-day', 'user-day'].map((budget) => ({
  budget,
  scope: budget === 'org-month' ? '' : 'team=search',
  window: {
    kind: 'calendar',
    code: 'day@UTC',
    around: (atMs) => {
      const startMs = Math.floor(atMs / dayMs) * dayMs;
      return [startMs - dayMs, startMs, startMs + dayMs, startMs + 2 * dayMs];
    },
  },
  limit: { tokens: 9e15, nanoUsd: 9e15 },
  enforced: true,
  clamps: true,
  overshootRatio: undefined,
}));
const rates: RateLine[] = [
  { limit: 'org-tokens', scope: '', unit: 'tokens', perSecond: 1e9, burst: 1e9, waitUpToMs: 0 },
  { limit: 'app-requests', scope: 'app=chat', unit: 'requests', perSecond: 1e6, burst: 1e6, waitUpToMs: 0 },
];

const releases: (() => Promise<void>)[] = [];
try {
  const redis = await startRedis({ after: (release) => releases.push(release) });
  const ledgers = Array.from({ length: clients }, () => open(redis.url));
  await Promise.all(ledgers.map(untilReady));

  const cpuUs = async () => {
    const info = await redis.client.info('cpu');
    const seconds = (name: string) => Number(new RegExp(`used_cpu_${name}:([\\d.]+)`).exec(info)![1]);
    return (seconds('user_main_thread') + seconds('sys_main_thread')) * 1e6;
  };
  const empty = (await redis.client.script('LOAD', 'return 1')) as string;
  const works: Record<string, (ledger: Ledger) => Promise<unknown>> = {
    INCRBY: () => redis.client.incrby('counter', 1),
    'EVALSHA of an empty script': () => redis.client.evalsha(empty, 1, 'key'),
    admit: admitOnce,
    'admit and settle': admitAndSettle,
  };
  const totals = Object.entries(works).map(([name, work]) => ({
    name,
    work,
    calls: 0,
    cpuUs: 0,
    elapsedMs: 0,
  }));
  for (let round = 0; round < rounds; round += 1) {
    for (const total of totals) {
      const [cpuBeforeUs, startedAtMs] = [await cpuUs(), performance.now()];
      total.calls += await load(ledgers, total.work, roundMs);
      total.elapsedMs += performance.now() - startedAtMs;
      total.cpuUs += (await cpuUs()) - cpuBeforeUs;
    }
    await redis.client.flushdb();
  }
  console.log('3 budgets and 2 limits       Redis CPU us each   a second and core   a second by the clock');
  for (const { name, calls, cpuUs: us, elapsedMs } of totals) {
    const columns = [
      (us / calls).toFixed(1),
      ((calls / us) * 1e6).toFixed(0),
      ((calls / elapsedMs) * 1000).toFixed(0),
    ];
    const [each = '', aCore = '', aSecond = ''] = columns;
    console.log(`${name.padEnd(26)} ${each.padStart(19)} ${aCore.padStart(19)} ${aSecond.padStart(23)}`);
  }

  console.log('\nlatency of one call alone                  p50 us      p99 us');
  const latencies: Record<'INCRBY' | 'admit', number[]> = { INCRBY: [], admit: [] };
  for (let sample = 0; sample < samples; sample += 1) {
    latencies.INCRBY.push(await timed(() => redis.client.incrby('counter', 1)));
    latencies.admit.push(await timed(() => admitOnce(ledgers[0]!)));
  }
  for (const [name, took] of Object.entries(latencies)) {
    took.sort((a, b) => a - b);
    const at = (share: number) => took[Math.floor(took.length * share)]!.toFixed(0).padStart(11);
    console.log(`${name.padEnd(36)} ${at(0.5)} ${at(0.99)}`);
  }
  await Promise.all(ledgers.map((ledger) => ledger.close()));
} finally {
  for (const release of releases) await release();
}

function open(url: string): Ledger {
  return createRedisLedger({ url, timeoutMs: 5000, keyPrefix: 'bench', onError: console.error });
}

async function untilReady(ledger: Ledger): Promise<void> {
  while (!(await ledger.windows(org).catch(() => undefined))) await new Promise(setImmediate);
}

function admission(): Admission {
  return {
    org,
    holdId: randomUUID(),
    leaseMs: 60_000,
    waitedMs: 0,
    demand: {
      fixed: { tokens: 1200, nanoUsd: 3_000_000 },
      perOutputToken: { tokens: 1, nanoUsd: 10_000 },
      outputTokens: 800,
      minOutputTokens: 16,
      usualOutputTokens: 300,
    },
    budgets,
    rates,
    concurrencies: [],
    note: { operation: 'createResponse', model: 'gpt-4o' },
  };
}

async function admitOnce(ledger: Ledger): Promise<void> {
  const decision = await ledger.admit(admission());
  if (decision.kind !== 'granted') throw new Error(`a call was ${decision.kind}`);
}

/** With all that a sidecar tells of a hold when it settles it. */
async function admitAndSettle(ledger: Ledger): Promise<void> {
  const call = admission();
  const decision = await ledger.admit(call);
  if (decision.kind !== 'granted') throw new Error(`a call was ${decision.kind}`);
  const unrecorded = { budgets, rates, held: decision.held, admittedAtMs: ledger.nowMs() };
  const charge = { tokens: 1500, nanoUsd: 6_000_000 };
  await ledger.settle({ org, holdId: call.holdId, charge, estimated: false, unrecorded });
}

/** Keeps so many calls in flight on each client, and resolves to how many were made. */
async function load(
  ledgers: readonly Ledger[],
  work: (ledger: Ledger) => Promise<unknown>,
  forMs: number,
): Promise<number> {
  const endMs = performance.now() + forMs;
  let calls = 0;
  const loop = async (ledger: Ledger) => {
    while (performance.now() < endMs) {
      await work(ledger);
      calls += 1;
    }
  };
  await Promise.all(ledgers.flatMap((ledger) => Array.from({ length: inFlight }, () => loop(ledger))));
  return calls;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return (performance.now() - startedAtMs) * 1000;
}
