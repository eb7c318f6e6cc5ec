import assert from 'node:assert/strict';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';

import { parse } from 'yaml';

import { chartFolder, type KubernetesObject, templateObjects } from './helm.ts';

const set = [
  'monitoring.prometheusRule.enabled=true',
  'monitoring.dashboards.enabled=true',
  'monitoring.podMonitor.enabled=true',
];
const rules = `groups:
  - name: usage
    rules:
      - alert: Gone
        expr: sum by (pod) (rate(used_total{code=~"a|b"}[5m])) > 0.9
        annotations:
          summary: '{{ $value | humanizePercentage }} of {{ with $labels.scope }}{{ . }}{{ end }} is used'
          description: "{{ .Values.image.tag }} is not Helm's here"
`;
const dashboard =
  '{"title": "Usage", "targets": [{"legendFormat": "{{pod}} {{ .Release.Name }}", "expr": "$a"}]}\n';

test('rules and dashboards reach their objects to the letter, braces included', (t) => {
  const chart = mkdtempSync(join(tmpdir(), 'chart-'));
  t.after(() => rmSync(chart, { recursive: true }));
  cpSync(chartFolder, chart, { recursive: true });
  for (const [folder, file, text] of [
    ['rules', 'zz-usage.yaml', rules],
    ['dashboards', 'zz-usage.json', dashboard],
  ] as const) {
    mkdirSync(join(chart, folder), { recursive: true });
    writeFileSync(join(chart, folder, file), text);
  }
  assertAllThere(chart);
});

test("the chart's own rules and dashboards are all there", () => assertAllThere(chartFolder));

test('without an injector there are no rules that miss it', () => {
  const groups = (more: readonly string[]) =>
    (
      templateObjects({ set: [...set, ...more] }).find(({ kind }) => kind === 'PrometheusRule') as {
        spec: { groups: { name: string }[] };
      }
    ).spec.groups.map(({ name }) => name);
  const withInjector = groups([]);
  assert.ok(withInjector.includes('assistant-proxy-injector'));
  assert.deepEqual(
    groups(['injector.enabled=false']),
    withInjector.filter((name) => name !== 'assistant-proxy-injector'),
  );
});

test('one PodMonitor finds the port of injector, gateway and every sidecar', () => {
  const objects = templateObjects({ set: [...set, 'monitoring.podMonitor.namespaces={shop}'] });
  const { spec } = objects.find(({ kind }) => kind === 'PodMonitor')!;
  assert.deepEqual(spec, {
    selector: {},
    namespaceSelector: { matchNames: ['shop', 'assistant-proxy'] },
    podMetricsEndpoints: [{ port: 'ap-admin', path: '/metrics', interval: '30s' }],
  });
});

function assertAllThere(chart: string): void {
  const objects = templateObjects({ chart, set });
  const { spec } = objects.find(({ kind }) => kind === 'PrometheusRule') as { spec: { groups: unknown[] } };
  const groups = textsOf(chart, 'rules/*.yaml').flatMap(
    ({ text }) => (parse(text) as { groups: unknown[] }).groups,
  );
  assert.deepEqual(spec.groups, groups);
  const dashboards = objects.filter(isDashboard).map(({ data }) => data!);
  assert.deepEqual(
    Object.fromEntries(dashboards.flatMap((data) => Object.entries(data))),
    Object.fromEntries(textsOf(chart, 'dashboards/*.json').map(({ file, text }) => [file, text])),
  );
}

function isDashboard({ metadata }: KubernetesObject): boolean {
  return metadata.labels['grafana_dashboard'] === '1';
}

function textsOf(chart: string, pattern: string): { file: string; text: string }[] {
  return globSync(pattern, { cwd: chart })
    .toSorted()
    .map((file) => ({ file: basename(file), text: readFileSync(join(chart, file), 'utf8') }));
}
