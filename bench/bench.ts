/**
 * Throughput, latency, CPU time and memory of the sidecar alone, with budgets (three of them, and two limits, in the
 * embedded store) beside a bare proxy and no proxy at all, in interleaved rounds of one run, so that
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
import { type Round, interleave, median, row } from './interleave.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, floor: { type: 'string', default: '0' } },
});
const rounds = values.quick ? 7 : 9;
const durationMs = values.quick ? 700 : 3000;
const warmUpMs = values.quick ? 7000 : 10_000;
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
  for (const scenario of scenarios) {
    const results = await interleave([upstream, bare, sidecar, budgeting], {
      rounds,
      durationMs,
      warmUpMs,
      connections,
      stream: scenario.stream,
    });
    print(scenario.name, results);
    if (shareOf(results.get(sidecar)!, results.get(bare)!) < Number(values.floor)) below = true;
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

function print(title: string, results: Map<Contestant, Round[]>): void {
  const [, bare] = [...results.keys()];
  console.log(`\n${title}; ${connections} connections, median of ${rounds} interleaved rounds`);
  console.log(row(['', 'req/s', 'of bare', 'p50 ms', 'p99 ms', 'CPU us/req', 'RSS MiB']));
  for (const [contestant, measured] of results) {
    const perSecond = medianOf(measured, 'requestsPerSecond');
    console.log(
      row([
        contestant.name,
        perSecond.toFixed(0),
        shareOf(measured, results.get(bare!)!).toFixed(2),
        medianOf(measured, 'p50Ms').toFixed(2),
        medianOf(measured, 'p99Ms').toFixed(2),
        (medianOf(measured, 'cpuMsPerRequest') * 1000).toFixed(0),
        medianOf(measured, 'residentMiB').toFixed(0),
      ]),
    );
  }
}

/** Of the bare proxy's throughput; of each round by itself, since the machine may be another one in the next. */
function shareOf(measured: readonly Round[], bare: readonly Round[]): number {
  return median(measured.map((round, index) => round.requestsPerSecond / bare[index]!.requestsPerSecond));
}

function medianOf(measured: readonly Round[], field: keyof Round): number {
  return median(measured.map((round) => round[field]));
}
