/**
 * Throughput, latency, CPU time and memory of the sidecar beside a bare proxy and no proxy at all, in
 * interleaved rounds of one run, so that a noisy machine disturbs all three alike. Ratios are what counts.
 *
 *   npm run bench [-- --quick] [--floor 0.8]
 */
import { parseArgs } from 'node:util';

import manifest from '../package.json' with { type: 'json' };
import { type Contestant, startContestant } from './contestant.ts';
import { type LoadResult, runLoad } from './load.ts';

interface Round extends LoadResult {
  readonly cpuMsPerRequest: number;
}

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, floor: { type: 'string', default: '0' } },
});
const rounds = values.quick ? 3 : 9;
const durationMs = values.quick ? 700 : 3000;
const warmUpMs = values.quick ? 1500 : 10_000;
const connections = 32;
const scenarios = [
  { name: 'JSON, 2 KB in, 1 KB out', stream: false },
  { name: 'stream of 64 events', stream: true },
];

const started: Contestant[] = [];
let below = false;
try {
  const upstream = await start('direct', ['bench/upstream.ts'], {});
  const bare = await start('bare proxy', ['bench/bare-proxy.ts'], { BENCH_UPSTREAM: upstream.url });
  const sidecar = await start('sidecar', startArguments(), {
    ASSISTANT_PROXY_UPSTREAM_BASE_URL: upstream.url,
    OPENAI_API_KEY: 'sk-bench-upstream',
    ASSISTANT_PROXY_LISTEN_PORT: '0',
    ASSISTANT_PROXY_ADMIN_PORT: '0',
  });
  for (const scenario of scenarios) {
    const results = await measure([upstream, bare, sidecar], scenario.stream);
    print(scenario.name, results);
    const ratio =
      median(results.get(sidecar)!, 'requestsPerSecond') / median(results.get(bare)!, 'requestsPerSecond');
    if (ratio < Number(values.floor)) below = true;
  }
} finally {
  await Promise.all(started.map((contestant) => contestant.stop()));
}
if (below) {
  console.error(`\nThe sidecar's throughput is below ${values.floor} of the bare proxy's.`);
  process.exitCode = 1;
}

async function start(name: string, args: string[], env: Record<string, string>): Promise<Contestant> {
  const contestant = await startContestant(name, args, env);
  started.push(contestant);
  return contestant;
}

/** As `npm start` has them. */
function startArguments(): string[] {
  const [, ...args] = manifest.scripts.start.split(' ');
  return args;
}

async function measure(contestants: Contestant[], stream: boolean): Promise<Map<Contestant, Round[]>> {
  const results = new Map<Contestant, Round[]>(contestants.map((contestant) => [contestant, []]));
  // The first round warms the just-in-time compiler, which takes thousands of requests, and counts for nothing.
  for (let round = 0; round <= rounds; round += 1) {
    progress(`round ${round} of ${rounds}`);
    for (const contestant of contestants) {
      const cpuBeforeMs = contestant.cpuMs();
      const result = await runLoad({
        url: contestant.url,
        connections,
        durationMs: round === 0 ? warmUpMs : durationMs,
        stream,
      });
      const cpuMsPerRequest = (contestant.cpuMs() - cpuBeforeMs) / result.requests;
      if (result.failures > 0) throw new Error(`${contestant.name}: ${result.failures} connections failed`);
      if (round > 0) results.get(contestant)!.push({ ...result, cpuMsPerRequest });
    }
  }
  progress('');
  return results;
}

function print(title: string, results: Map<Contestant, Round[]>): void {
  const [, bare] = [...results.keys()];
  const yardstick = median(results.get(bare!)!, 'requestsPerSecond');
  console.log(`\n${title}; ${connections} connections, median of ${rounds} interleaved rounds`);
  console.log(row(['', 'req/s', 'of bare', 'p50 ms', 'p99 ms', 'CPU us/req', 'RSS MiB']));
  for (const [contestant, measured] of results) {
    const perSecond = median(measured, 'requestsPerSecond');
    console.log(
      row([
        contestant.name,
        perSecond.toFixed(0),
        (perSecond / yardstick).toFixed(2),
        median(measured, 'p50Ms').toFixed(2),
        median(measured, 'p99Ms').toFixed(2),
        (median(measured, 'cpuMsPerRequest') * 1000).toFixed(0),
        contestant.residentMiB().toFixed(0),
      ]),
    );
  }
}

function row(cells: string[]): string {
  return cells.map((cell, column) => (column === 0 ? cell.padEnd(12) : cell.padStart(11))).join('');
}

function median(measured: Round[], field: keyof Round): number {
  const sorted = measured.map((round) => round[field]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(40)}\r`);
}
