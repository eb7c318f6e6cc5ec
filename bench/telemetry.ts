/**
 * What metrics, logs and traces cost: throughput, CPU time and memory of a sidecar with budgets and all of them off,
 * beside the same with metrics, with metrics and logs, and with one trace in ten as well, in interleaved rounds of one
 * run. Ratios to the first are what counts: of each round by itself, and of these the median. A second sidecar with
 * all off tells how much of them is noise, and the row `traces alone` what they cost beside metrics and logs.
 *
 *   npm run bench:telemetry [-- --quick] [--floor 0.9]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import manifest from '../package.json' with { type: 'json' };
import { configSchema } from '../src/config/schema.ts';
import { freePort } from '../test/harness/free-port.ts';
import { type Contestant, startContestant } from './contestant.ts';
import { type Round, interleave, median, row } from './interleave.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, floor: { type: 'string', default: '0' } },
});
const rounds = values.quick ? 9 : 31;
const durationMs = values.quick ? 300 : 700;
const warmUpMs = values.quick ? 2500 : 8000;
const connections = 32;
const scenarios = [
  { name: 'JSON, 2 KB in, 1 KB out', stream: false },
  { name: 'stream of 64 events', stream: true },
];

const config = `
identity: { org: bench, team: [metadata.team] }
budgets:
  - { name: month, limit: { tokens: 1000000000000, usd: 1000000 }, window: { every: month } }
  - { name: team-day, per: [team], limit: { tokens: 1000000000000 }, window: { every: day } }
`;
const off = { TELEMETRY_METRICS: 'false', TELEMETRY_LOG_LEVEL: 'silent' };
/** A level below which nothing but what the start tells is written. */
const quiet = { TELEMETRY_LOG_LEVEL: 'fatal' };

const folder = mkdtempSync(join(tmpdir(), 'assistant-proxy-bench-'));
const started: Contestant[] = [];
let isBelow = false;
try {
  const upstream = await start('upstream', ['bench/upstream.ts'], {});
  const plain = await startSidecar('all off', off);
  const logging = await startSidecar('metrics and logs', {});
  const tracing = await startTracing();
  const contestants = [
    plain,
    // What two processes that do the same differ by.
    await startSidecar('all off, again', off),
    await startSidecar('metrics', quiet),
    logging,
    ...tracing,
  ];
  for (const { name, stream } of scenarios) {
    const results = await interleave(contestants, { rounds, durationMs, warmUpMs, connections, stream });
    console.log(`\n${name}; ${connections} connections, median of ${rounds} interleaved rounds`);
    console.log(row(['', 'req/s', 'of off', 'CPU us/req', 'of off', 'RSS MiB', 'of off']));
    for (const [contestant, measured] of results) {
      const ratios = tell(contestant.name, measured, results.get(plain)!);
      if (ratios.throughput < Number(values.floor)) isBelow = true;
    }
    for (const contestant of tracing) tell('traces alone', results.get(contestant)!, results.get(logging)!);
  }

  async function startSidecar(name: string, telemetry: Record<string, string>): Promise<Contestant> {
    // One that is silent can't say which port it took.
    const port = await freePort();
    const file = join(folder, `${started.length}.yaml`);
    writeFileSync(file, config);
    const settings = Object.entries(telemetry).map(([key, value]) => [`ASSISTANT_PROXY_${key}`, value]);
    const env = {
      ASSISTANT_PROXY_CONFIG: file,
      ASSISTANT_PROXY_STORE_STATE_DIR: join(folder, `state-${started.length}`),
      ASSISTANT_PROXY_UPSTREAM_BASE_URL: upstream.url,
      OPENAI_API_KEY: 'sk-bench-upstream',
      ASSISTANT_PROXY_LISTEN_PORT: String(port),
      ASSISTANT_PROXY_ADMIN_PORT: '0',
      ...(Object.fromEntries(settings) as Record<string, string>),
    };
    return start(name, startArguments(), env, `http://127.0.0.1:${port}/v1`);
  }

  /** Where this sidecar can trace. */
  async function startTracing(): Promise<Contestant[]> {
    if (!Object.hasOwn(configSchema.properties.telemetry.properties, 'otlpEndpoint')) return [];
    const collector = await start('collector', ['bench/collector.ts'], {});
    const traces = { TELEMETRY_OTLP_ENDPOINT: collector.url, TELEMETRY_SAMPLE_RATIO: '0.1' };
    return [await startSidecar('traces at 10 %', traces)];
  }
} finally {
  await Promise.all(started.map((contestant) => contestant.stop()));
  rmSync(folder, { recursive: true, force: true });
}
if (isBelow) {
  console.error(`\nThroughput is below ${values.floor} of that with all off.`);
  process.exitCode = 1;
}

async function start(
  name: string,
  args: string[],
  env: Record<string, string>,
  quietUrl?: string,
): Promise<Contestant> {
  const contestant = await startContestant(name, args, env, quietUrl);
  started.push(contestant);
  return contestant;
}

/** As `npm start` has them. */
function startArguments(): string[] {
  const [, ...args] = manifest.scripts.start.split(' ');
  return args;
}

function tell(name: string, measured: readonly Round[], plain: readonly Round[]): { throughput: number } {
  const valueOf = (field: keyof Round) => median(measured.map((round) => round[field]));
  const ratioOf = (field: keyof Round) =>
    median(measured.map((round, index) => round[field] / plain[index]![field]));
  const throughput = ratioOf('requestsPerSecond');
  console.log(
    row([
      name,
      valueOf('requestsPerSecond').toFixed(0),
      throughput.toFixed(2),
      (valueOf('cpuMsPerRequest') * 1000).toFixed(0),
      ratioOf('cpuMsPerRequest').toFixed(2),
      valueOf('residentMiB').toFixed(0),
      ratioOf('residentMiB').toFixed(2),
    ]),
  );
  return { throughput };
}
