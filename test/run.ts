/**
 * Runs the suites, one after another, and says at the end what ran, what failed, and what could not run and
 * why. On a contributor's machine a suite that lacks something (no Python, say) is only reported; in CI it
 * fails the run.
 *
 *   npm test [-- SUITE...]
 */
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

import { prepareConsoleTests } from './console/prepare-console-tests.ts';
import { prepareImageTests } from './docker/prepare-image-tests.ts';
import { ensureCommand } from './harness/system-packages.ts';
import { preparePodTests } from './kubernetes/pods/prepare-pod-tests.ts';
import { prepareControlPlane } from './kubernetes/prepare-control-plane.ts';
import { prepareHelm } from './kubernetes/prepare-helm.ts';
import { preparePython } from './python/prepare-python.ts';
import { prepareCollector } from './traces/prepare-collector.ts';

interface Suite {
  readonly name: string;
  readonly files: string;
  /** Files that measure the machine itself run one at a time. */
  readonly concurrency: number;
  /** Installs what the suite needs; a text says why it can't run. */
  readonly prepare?: () => Promise<string | undefined>;
}

/** No test takes this long, on any machine; one that hangs must not hold up the rest. */
const hangsAfterMs = 240_000;

const suites: readonly Suite[] = [
  {
    name: 'behaviour',
    files:
      'test/{,kubernetes/,!(load|sdk|python|docker|redis|chaos|console|traces|prometheus|kubernetes)/**/}!(*.redis).test.ts',
    concurrency: 2,
    // Makes the certificates of the tests for TLS.
    prepare: () => ensureCommand('openssl', 'openssl'),
  },
  { name: 'console', files: 'test/console/**/*.test.ts', concurrency: 2, prepare: prepareConsoleTests },
  {
    name: 'traces',
    files: 'test/traces/**/*.test.ts',
    concurrency: 2,
    prepare: async () => (await prepareCollector()) ?? (await prepareRedisTests()),
  },
  { name: 'image', files: 'test/docker/**/*.test.ts', concurrency: 1, prepare: prepareImageTests },
  {
    name: 'redis',
    files: 'test/{redis/**/*,**/*.redis}.test.ts',
    concurrency: 2,
    prepare: prepareRedisTests,
  },
  { name: 'sdk', files: 'test/sdk/**/*.test.ts', concurrency: 2 },
  { name: 'python', files: 'test/python/**/*.test.ts', concurrency: 2, prepare: preparePython },
  {
    name: 'prometheus',
    files: 'test/prometheus/**/*.test.ts',
    concurrency: 1,
    prepare: preparePrometheus,
  },
  { name: 'chart', files: 'test/kubernetes/chart/**/*.test.ts', concurrency: 2, prepare: prepareHelm },
  {
    name: 'pods',
    files: 'test/kubernetes/pods/**/*.test.ts',
    concurrency: 1,
    prepare: preparePodTests,
  },
  {
    name: 'cluster',
    files: 'test/kubernetes/cluster/**/*.test.ts',
    // Each file has an API server of its own, which keeps a core busy while it starts.
    concurrency: 1,
    prepare: async () =>
      (await prepareControlPlane()) ??
      (await prepareHelm()) ??
      (await ensureCommand('prometheus', 'prometheus')),
  },
  { name: 'chaos', files: 'test/chaos/**/*.test.ts', concurrency: 1, prepare: prepareRedisTests },
  { name: 'load', files: 'test/load/**/*.test.ts', concurrency: 1, prepare: prepareRedisTests },
];

interface Result {
  readonly name: string;
  passed: number;
  failed: number;
  skipped: number;
  readonly seconds: number;
  readonly unable?: string;
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(
    `no suite is named ${unknown.join(', ')}; there are ${suites.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}
const results: Result[] = [];
for (const suite of suites) {
  if (chosen.length === 0 || chosen.includes(suite.name)) results.push(await runSuite(suite));
}
report(results);

/** Servers whose clocks can be moved. */
async function prepareRedisTests(): Promise<string | undefined> {
  return (
    (await ensureCommand('redis-server', 'redis-server')) ?? (await ensureCommand('faketime', 'faketime'))
  );
}

/** Its sidecars share a Redis, and one of their upstreams is behind TLS. */
async function preparePrometheus(): Promise<string | undefined> {
  return (
    (await ensureCommand('prometheus', 'prometheus')) ??
    (await ensureCommand('redis-server', 'redis-server')) ??
    (await ensureCommand('openssl', 'openssl'))
  );
}

async function runSuite(suite: Suite): Promise<Result> {
  console.log(`\n--- ${suite.name}`);
  const startedAtMs = performance.now();
  const unable = await suite.prepare?.();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  if (unable === undefined) await runFiles(suite, counts);
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { name: suite.name, ...counts, seconds, ...(unable !== undefined && { unable }) };
}

function runFiles({ files, concurrency }: Suite, counts: Omit<Result, 'name' | 'seconds'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const execArgv = [`--import=${new URL('harness/end-at-exit.ts', import.meta.url).href}`];
    const tests = run({ files: globSync(files), concurrency, timeout: hangsAfterMs, execArgv });
    tests.on('test:summary', (summary) => {
      if (summary.file !== undefined) return;
      counts.passed = summary.counts.passed;
      counts.failed = summary.counts.tests - summary.counts.passed - summary.counts.skipped;
      counts.skipped = summary.counts.skipped;
    });
    tests.on('error', reject);
    const printed = tests.compose(new spec());
    printed.on('data', (text: Buffer) => process.stdout.write(text));
    printed.on('end', resolve);
    printed.on('error', reject);
  });
}

function report(ran: readonly Result[]): void {
  console.log('\n--- summary');
  for (const { name, passed, failed, skipped, seconds, unable } of ran) {
    const outcome =
      unable === undefined
        ? `${passed} passed, ${failed} failed, ${skipped} skipped`
        : `could not run: ${unable}`;
    console.log(`${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s   ${outcome}`);
  }
  const sum = (field: 'passed' | 'failed' | 'skipped') =>
    ran.reduce((total, result) => total + result[field], 0);
  const unable = ran.filter((result) => result.unable !== undefined);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  const mustRunAll = process.env['CI'] !== undefined;
  if (sum('failed') > 0 || sum('passed') === 0 || (mustRunAll && (unable.length > 0 || sum('skipped') > 0))) {
    process.exitCode = 1;
  }
}
