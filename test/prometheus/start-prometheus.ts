import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { freePort } from '../harness/free-port.ts';
import type { Lifetime } from '../harness/lifetime.ts';
import { until } from '../harness/redis.ts';

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds and value; only what is a number. */
  readonly values: readonly (readonly [number, number])[];
}

export interface RunningPrometheus {
  /** As a panel that shows what is now. */
  query(expr: string, atMs: number): Promise<Series[]>;
  /** As a panel that shows a time, a point for each second of it. */
  queryRange(expr: string, time: { readonly fromMs: number; readonly toMs: number }): Promise<Series[]>;
  /** Of its HTTP API, below `/api/v1/`. */
  ask(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>;
}

export interface Target {
  readonly address: string;
  /** As Kubernetes' discovery gives them; a plain Prometheus has none. */
  readonly labels?: Readonly<Record<string, string>>;
}

interface PrometheusOptions {
  readonly targets: readonly Target[];
  /** Further scrape configurations, as Prometheus takes them. */
  readonly scrapes?: readonly object[];
  readonly ruleFiles: readonly string[];
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: unknown;
}

interface QueryResult {
  readonly result: {
    readonly metric: Record<string, string>;
    readonly value?: [number, string];
    readonly values?: [number, string][];
  }[];
}

/** A real one on the loopback, which scrapes these addresses and evaluates its rules every second. */
export async function startPrometheus(
  lifetime: Lifetime,
  { targets, scrapes = [], ruleFiles }: PrometheusOptions,
): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const file = join(folder, 'prometheus.yml');
  const port = await freePort();
  writeFileSync(
    file,
    stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: ruleFiles,
      scrape_configs: [
        {
          job_name: 'sidecars',
          static_configs: targets.map(({ address, labels = {} }) => ({ targets: [address], labels })),
        },
        ...scrapes,
      ],
    }),
  );
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  lifetime.after(async () => {
    await end(child);
    rmSync(folder, { recursive: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true);

  async function ask(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { status, error, data } = (await response.json()) as Answer;
    if (status !== 'success') throw new Error(`${error}: ${parameters['query']}`);
    return data;
  }

  return {
    ask,
    query: async (query, atMs) => seriesOf(await ask('query', { query, time: String(atMs / 1000) })),
    queryRange: async (query, { fromMs, toMs }) =>
      seriesOf(
        await ask('query_range', {
          query,
          start: String(fromMs / 1000),
          end: String(toMs / 1000),
          step: '1',
        }),
      ),
  };
}

function seriesOf(data: unknown): Series[] {
  return (data as QueryResult).result.map(({ metric, value, values }) => ({
    metric,
    values: (values ?? [value!])
      .map(([seconds, text]) => [seconds, Number(text)] as const)
      .filter(([, number]) => Number.isFinite(number)),
  }));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
