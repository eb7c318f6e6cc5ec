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

describe('a Prometheus that has scraped sidecars under traffic', () => {
  const releases: (() => Promise<void>)[] = [];
  const lifetime = { after: (release: () => Promise<void>) => releases.unshift(release) };
  let scene: Scene;
  let prometheus: RunningPrometheus;
  const startedAtMs = Date.now();

  before(async () => {
    scene = await startScene(lifetime, createAuthority(lifetime));
    const ruleFiles = readdirSync(rules).map((file) => join(rules, file));
    prometheus = await startPrometheus(lifetime, { targets: scene.targets, ruleFiles });
    const ending = new AbortController();
    const traffic = makeTraffic(scene, ending.signal);
    await troubles(scene);
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
          const query = substituted(expr, startedAtMs);
          const series = await (instant === true
            ? prometheus.query(query)
            : prometheus.queryRange(query, startedAtMs));
          assert.ok(pointsOf(series) > 0, `${refId} has no data: ${query}`);
          for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
            assert.ok(
              series.some(({ metric }) => metric[label] !== undefined),
              `${refId} has no ${label}: ${query}`,
            );
          }
          if (series.every(({ values }) => values.every(([, value]) => value === 0)))
            console.log('ZERO', file, title, query);
        }
      });
    }
  }
});

/** What happens to sidecars in half a minute. */
async function troubles({ redis, annex }: Scene): Promise<void> {
  await sleep(10_000);
  await annex.killAndRestart();
  await sleep(8000);
  await redis.kill();
  await sleep(3000);
  await redis.restart();
  await sleep(10_000);
}

function substituted(expr: string, sinceMs: number): string {
  const variables: Readonly<Record<string, string>> = {
    $__rate_interval: '10s',
    $__range: `${Math.ceil((Date.now() - sinceMs) / 1000)}s`,
  };
  return expr.replaceAll(/\$\w+/g, (variable) => variables[variable] ?? '.*');
}

function pointsOf(series: readonly Series[]): number {
  return series.reduce((sum, { values }) => sum + values.length, 0);
}
void promtool;
void until;
