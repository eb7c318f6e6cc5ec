import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../harness/redis.ts';
import { createAuthority } from '../upstream/certificates.ts';
import { promtool } from './promtool.ts';
import { readDashboards } from './read-dashboards.ts';
import { type RunningPrometheus, type Series, startPrometheus } from './start-prometheus.ts';
import { type Scene, startScene } from './start-scene.ts';
import { makeTraffic } from './traffic.ts';

const rules = join(import.meta.dirname, '../../charts/assistant-proxy/rules');

/** Nothing is lost: 50,000 charges would have to wait for the store before one is given up. */
const zeroIsTrue = new Set(['Charges lost']);

describe('a Prometheus that has scraped sidecars under traffic', () => {
  const releases: (() => Promise<void>)[] = [];
  const lifetime = { after: (release: () => Promise<void>) => releases.unshift(release) };
  let prometheus: RunningPrometheus;
  let shown: Time;
  let expositions: string[];

  before(async () => {
    const fromMs = Date.now();
    const scene = await startScene(lifetime, createAuthority(lifetime));
    const ruleFiles = readdirSync(rules).map((file) => join(rules, file));
    prometheus = await startPrometheus(lifetime, { targets: scene.targets, ruleFiles });
    await until(async () => (await prometheus.query('up == 1', Date.now())).length === scene.targets.length);
    const ending = new AbortController();
    const traffic = makeTraffic(scene, ending.signal);
    await troubles(scene, prometheus);
    shown = { fromMs, toMs: Date.now() };
    expositions = await Promise.all(scene.targets.map(({ address }) => exposition(address)));
    ending.abort();
    await traffic;
  });
  after(async () => {
    for (const release of releases) await release();
  });

  for (const { file, panels } of readDashboards()) {
    for (const { title, targets } of panels) {
      test(`${file}: "${title}" shows something`, async () => {
        for (const { refId, expr, instant, legendFormat } of targets) {
          const query = `${refId}: ${substituted(expr, shown)}`;
          const series = await prometheus.queryRange(substituted(expr, shown), shown);
          const numbers = valuesOf(series);
          assert.ok(numbers.length > 0, `no data for ${query}`);
          const isTrue = numbers.some((number) => number !== 0) || zeroIsTrue.has(title ?? '');
          assert.ok(isTrue, `nothing but zero for ${query}`);
          for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
            assert.ok(
              series.some(({ metric }) => metric[label] !== undefined),
              `no ${label} for ${query}`,
            );
          }
          if (instant !== true) continue;
          const now = await prometheus.query(substituted(expr, shown), shown.toMs);
          assert.ok(valuesOf(now).length > 0, `no data at the end for ${query}`);
        }
      });
    }
  }

  test('promtool finds no fault with what a sidecar exposes', async () => {
    for (const text of expositions) promtool(['check', 'metrics'], text);
  });

  test('alerts fire, and tell what happens in words', async () => {
    const { alerts } = (await prometheus.ask('alerts')) as { alerts: FiringAlert[] };
    const restarts = alerts.find(({ labels }) => labels['alertname'] === 'AssistantProxyRestarts');
    assert.equal(restarts?.state, 'firing');
    const { instance } = restarts.labels;
    assert.equal(
      restarts.annotations['summary'],
      `The sidecar of ${instance} has restarted 3 times in half an hour`,
    );
    assert.ok(alerts.length >= 3);
    for (const { annotations } of alerts) {
      assert.doesNotMatch(Object.values(annotations).join(), /error expanding|<no value>/);
    }
  });
});

/** Unix milliseconds. */
interface Time {
  readonly fromMs: number;
  readonly toMs: number;
}

interface FiringAlert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What happens to sidecars in half a minute. */
async function troubles(
  { redis, annex, reconfigureLab }: Scene,
  prometheus: RunningPrometheus,
): Promise<void> {
  reconfigureLab('idempotency: { keepSeconds: 77 }\ntelemetry: { logLevel: warn }');
  const instance = new URL(annex.current.adminUrl).host;
  for (let restarts = 1; restarts <= 3; restarts += 1) {
    await sleep(3000);
    await annex.killAndRestart();
    await until(async () => {
      const [seen] = await prometheus.query(
        `changes(process_start_time_seconds{instance="${instance}"}[10m])`,
        Date.now(),
      );
      return seen?.values[0]?.[1] === restarts;
    });
  }
  await sleep(4000);
  reconfigureLab('budgetz: []');
  await redis.kill();
  await sleep(3000);
  await redis.restart();
  await sleep(9000);
}

async function exposition(address: string): Promise<string> {
  return (await fetch(`http://${address}/metrics`)).text();
}

function substituted(expr: string, { fromMs, toMs }: Time): string {
  const variables: Readonly<Record<string, string>> = {
    $__rate_interval: '10s',
    $__range: `${Math.ceil((toMs - fromMs) / 1000)}s`,
  };
  return expr.replaceAll(/\$\w+/g, (variable) => variables[variable] ?? '.*');
}

function valuesOf(series: readonly Series[]): number[] {
  return series.flatMap(({ values }) => values.map(([, number]) => number));
}
