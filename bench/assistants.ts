/**
 * What a streamed run costs over the bare call to the Responses API that it makes: the call alone, through a sidecar,
 * and as a run on a thread in the embedded store and in Redis. First one at a time, then 32 at a time, in interleaved
 * rounds of one run, so that a noisy machine disturbs all alike; at last the memory of 1,000 streamed runs at once.
 *
 *   npm run bench:assistants [-- --quick] [--ceiling 5]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import manifest from '../package.json' with { type: 'json' };
import { startRedis } from '../test/harness/redis.ts';
import { type Contestant, startContestant } from './contestant.ts';
import { type StreamedCall, responseCalls, runCalls } from './streamed-calls.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    /** The most that a run may take, in times of the bare call. */
    ceiling: { type: 'string', default: 'Infinity' },
  },
});
const warmUps = values.quick ? 30 : 300;
const samples = values.quick ? 60 : 1000;
const rounds = values.quick ? 2 : 6;
const roundMs = values.quick ? 500 : 3000;
const inFlight = 32;
const runsAtOnce = values.quick ? 200 : 1000;
const key = 'sk-stand-in';
const question = 'Hello [[words:20]]';

interface Measured {
  readonly name: string;
  readonly process: Contestant;
  readonly call: StreamedCall;
  readonly tookMs: number[];
  calls: number;
  elapsedMs: number;
  cpuMs: number;
}

const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-bench-'));
const releases: (() => Promise<void>)[] = [];
let tooSlow = false;
try {
  const standIn = await start('stand-in', ['test/stand-in/serve.ts'], {});
  const redis = await startRedis(
    { after: (release) => releases.push(release) },
    { args: ['--appendonly', 'yes', '--appendfsync', 'everysec'] },
  );
  const embedded = await startSidecar('embedded', standIn.url, {});
  const inRedis = await startSidecar('Redis', standIn.url, { REDIS_URL: redis.url });
  const contestants = [
    measured('Responses, bare', standIn, responseCalls(standIn.url, key, question)),
    measured('through a sidecar', embedded, responseCalls(embedded.url, key, question)),
    measured('run, embedded', embedded, await runCalls(embedded.url, key, question)),
    measured('run, Redis', inRedis, await runCalls(inRedis.url, key, question)),
  ];
  for (let sample = -warmUps; sample < samples; sample += 1) {
    for (const { call, tookMs } of contestants) {
      const took = await timed(call);
      if (sample >= 0) tookMs.push(took);
    }
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of contestants) await load(contestant);
  }
  print(contestants);
  const bare = quantile(contestants[0]!, 0.5);
  const runs = contestants.slice(2).map((contestant) => quantile(contestant, 0.5));
  tooSlow = runs.some((ms) => ms > bare * Number(values.ceiling));

  console.log(`\n${runsAtOnce} streamed runs at once      before     at most    KiB a run`);
  for (const [name, env] of [
    ['embedded', {}],
    ['Redis', { REDIS_URL: redis.url }],
  ] as const) {
    const sidecar = await startSidecar(`${name} at once`, standIn.url, env);
    const { beforeMiB, peakMiB } = await crowd(sidecar);
    const perRun = ((peakMiB - beforeMiB) * 1024) / runsAtOnce;
    const columns = [`${beforeMiB.toFixed(0)} MiB`, `${peakMiB.toFixed(0)} MiB`, perRun.toFixed(1)];
    console.log(name.padEnd(24) + columns.map((column) => column.padStart(12)).join(''));
  }
} finally {
  for (const release of releases.toReversed()) await release();
  rmSync(folder, { recursive: true, force: true });
}
if (tooSlow) {
  console.error(`\nA run takes more than ${values.ceiling} times as long as the bare call.`);
  process.exitCode = 1;
}

async function start(name: string, args: string[], env: Record<string, string>): Promise<Contestant> {
  const contestant = await startContestant(name, args, env);
  releases.push(() => contestant.stop());
  return contestant;
}

/** As `npm start` has it. */
function startSidecar(name: string, upstreamUrl: string, env: Record<string, string>): Promise<Contestant> {
  const [, ...args] = manifest.scripts.start.split(' ');
  return start(name, args, {
    ASSISTANT_PROXY_UPSTREAM_BASE_URL: upstreamUrl,
    ASSISTANT_PROXY_LISTEN_PORT: '0',
    ASSISTANT_PROXY_ADMIN_PORT: '0',
    ASSISTANT_PROXY_STORE_STATE_DIR: join(folder, name.replaceAll(' ', '-')),
    OPENAI_API_KEY: key,
    ...env,
  });
}

function measured(name: string, process: Contestant, call: StreamedCall): Measured {
  return { name, process, call, tookMs: [], calls: 0, elapsedMs: 0, cpuMs: 0 };
}

async function timed(call: StreamedCall): Promise<number> {
  const prepared = await call.prepare();
  const startedAtMs = performance.now();
  await call.make(prepared);
  return performance.now() - startedAtMs;
}

/** Keeps so many calls in flight. Threads are made ahead, so that the clock sees only runs. */
async function load(contestant: Measured): Promise<void> {
  const { call, process } = contestant;
  const prepared: string[] = [];
  const guess = Math.ceil(roundMs / 3);
  while (prepared.length < guess) {
    prepared.push(...(await Promise.all(Array.from({ length: inFlight }, () => call.prepare()))));
  }
  const [cpuBeforeMs, startedAtMs] = [process.cpuMs(), performance.now()];
  const loop = async () => {
    while (performance.now() - startedAtMs < roundMs) {
      const next = prepared.pop();
      if (next === undefined) return;
      await call.make(next);
      contestant.calls += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
  contestant.elapsedMs += performance.now() - startedAtMs;
  contestant.cpuMs += process.cpuMs() - cpuBeforeMs;
}

/** What a sidecar needs while so many runs wait for a model that thinks for a while, and then answer. */
async function crowd(sidecar: Contestant): Promise<{ beforeMiB: number; peakMiB: number }> {
  const thinking = `${question} [[thinkMs:${values.quick ? 3000 : 15_000}]]`;
  const quick = await runCalls(sidecar.url, key, question);
  for (let run = 0; run < warmUps; run += 1) await timed(quick);
  const slow = await runCalls(sidecar.url, key, thinking);
  const threads: string[] = [];
  for (let thread = 0; thread < runsAtOnce; thread += 1) threads.push(await slow.prepare());
  const beforeMiB = sidecar.residentMiB();
  let peakMiB = beforeMiB;
  const watch = setInterval(() => (peakMiB = Math.max(peakMiB, sidecar.residentMiB())), 50);
  await Promise.all(threads.map((thread) => slow.make(thread)));
  clearInterval(watch);
  return { beforeMiB, peakMiB };
}

function print(contestants: readonly Measured[]): void {
  const [bare] = contestants;
  console.log(`${samples} calls one at a time, then ${rounds} rounds of ${inFlight} at a time, interleaved`);
  console.log(row(['', 'p50 ms', 'p99 ms', 'added p50', 'added p99', 'a second', 'CPU ms each']));
  for (const contestant of contestants) {
    const [p50, p99] = [quantile(contestant, 0.5), quantile(contestant, 0.99)];
    const { name, calls, elapsedMs, cpuMs } = contestant;
    console.log(
      row([
        name,
        p50.toFixed(2),
        p99.toFixed(2),
        (p50 - quantile(bare!, 0.5)).toFixed(2),
        (p99 - quantile(bare!, 0.99)).toFixed(2),
        ((calls / elapsedMs) * 1000).toFixed(0),
        (cpuMs / calls).toFixed(2),
      ]),
    );
  }
}

function quantile({ tookMs }: Measured, share: number): number {
  const sorted = tookMs.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

function row(cells: string[]): string {
  return cells.map((cell, column) => (column === 0 ? cell.padEnd(18) : cell.padStart(12))).join('');
}
