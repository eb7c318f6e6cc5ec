/**
 * Throughput, latency, CPU time and memory of the sidecar alone, with budgets (three of them, and two limits, in the
 * embedded store) and with traces, a tenth of which are sent, beside a bare proxy and no proxy at all, in interleaved rounds of one run, so that
 * a noisy machine disturbs all of them alike. Ratios are what counts.
 *
 *   npm run bench [-- --quick] [--floor 0.8]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
const rounds = values.quick ? 5 : 9;
const durationMs = values.quick ? 700 : 3000;
const warmUpMs = values.quick ? 4000 : 10_000;
const connections = 32;
const scenarios = [
  { name: 'JSON, 2 KB in, 1 KB out', stream: false },
  { name: 'stream of 64 events', stream: true },
];

/** Nothing of it is ever used up: what is measured is the asking. */
const budgets = `
identity: { org: bench, team: [metadata.team] }
budgets:
  - { name: month, limit: { tokens: 1000000000000, usd: 1000000 }, window: { every: month } }
  - { name: team-day, per: [team], limit: { tokens: 1000000000000 }, window: { every: day } }
  - { name: model-week, per: [model], limit: { usd: 1000000 }, window: { rolling: 7d } }
limits:
  - { name: calls, requests: { rate: 1000000, per: second } }
  - { name: tokens, tokens: { rate: 1000000000, per: second } }
`;

const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-bench-'));
const started: Contestant[] = [];
let below = false;
try {
  const upstream = await start('direct', ['bench/upstream.ts'], {});
  const bare = await start('bare proxy', ['bench/bare-proxy.ts'], { BENCH_UPSTREAM: upstream.url });
  const environment = {
    ASSISTANT_PROXY_UPSTREAM_BASE_URL: upstream.url,
    OPENAI_API_KEY: 'sk-bench-upstream',
    ASSISTANT_PROXY_LISTEN_PORT: '0',
    ASSISTANT_PROXY_ADMIN_PORT: '0',
  };
  const sidecar = await start('sidecar', startArguments(), environment);
  const configFile = join(folder, 'config.yaml');
  writeFileSync(configFile, budgets);
  const budgeting = await start('with budgets', startArguments(), {
    ...environment,
    ASSISTANT_PROXY_CONFIG: configFile,
    ASSISTANT_PROXY_STORE_STATE_DIR: join(folder, 'state'),
  });
  const tracing = await start('traces 10 %', startArguments(), {
    ...environment,
    ASSISTANT_PROXY_TELEMETRY_OTLP_ENDPOINT: new URL(upstream.url).origin,
    ASSISTANT_PROXY_TELEMETRY_SAMPLE_RATIO: '0.1',
  });
  for (const scenario of scenarios) {
    const results = await measure([upstream, bare, sidecar, budgeting, tracing], scenario.stream);
    print(scenario.name, results);
    const ratio =
      median(results.get(sidecar)!, 'requestsPerSecond') / median(results.get(bare)!, 'requestsPerSecond');
    if (ratio < Number(values.floor)) below = true;
  }
} finally {
  await Promise.all(started.map((contestant) => contestant.stop()));
  rmSync(folder, { recursive: true, force: true });
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
  // The first round warms the just-in-time compiler, which takes tens of thousands of requests, and counts for nothing.
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
