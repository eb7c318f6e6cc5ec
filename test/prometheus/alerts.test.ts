import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { parse, stringify } from 'yaml';

import { runbookAnchor } from '../../alerts/vocabulary/runbook.ts';
import type { Case } from './alert-case.ts';
import { alertCases } from './alert-cases.ts';
import { promtool } from './promtool.ts';

interface Rule {
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** As `promtool test rules` takes it. */
interface RuleTest {
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test: readonly object[];
}

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'charts/assistant-proxy/rules');
const ruleFiles = readdirSync(folder).map((file) => join(folder, file));
const alerts = ruleFiles
  .flatMap((file) => (parse(readFileSync(file, 'utf8')) as { groups: { rules: Rule[] }[] }).groups)
  .flatMap(({ rules }) => rules)
  .filter((rule) => rule.alert !== undefined);

test('promtool finds no fault with the rules', () => {
  const said = promtool(['check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles]);
  assert.equal(said.match(/SUCCESS/g)?.length, ruleFiles.length);
});

test('each alert has a section in the runbooks, which each section has, and leads there', () => {
  const text = readFileSync(join(root, 'docs/runbooks.md'), 'utf8');
  const sections = text.split(/^## /m).slice(1);
  const titles = sections.map((section) => section.slice(0, section.indexOf('\n')));
  assert.deepEqual(titles.toSorted(), alerts.map(({ alert }) => alert).toSorted());
  for (const section of sections)
    assert.match(section, /\*\*Means\.\*\*[\s\S]+\*\*Look first\.\*\*[\s\S]+\*\*Do\.\*\*/);
  for (const { alert, annotations } of alerts) {
    assert.ok(annotations?.['runbook_url']?.endsWith(`/docs/runbooks.md#${runbookAnchor(alert!)}`), alert);
  }
});

test('each alert says how bad it is, in one line what happens, and what that means', () => {
  for (const { alert, labels, annotations } of alerts) {
    assert.match(labels?.['severity'] ?? '', /^(critical|warning)$/, alert);
    assert.match(annotations?.['summary'] ?? '', /\{\{.*\}\}/, alert);
    assert.match(annotations?.['description'] ?? '', /^[A-Z].{40,}\.$/, alert);
  }
});

test('each alert has a case in which it fires, and one in which it is quiet', () => {
  assert.deepEqual(Object.keys(alertCases).toSorted(), alerts.map(({ alert }) => alert).toSorted());
});

test('where nothing is scraped no alert fires: whoever has no injector, or does not scrape the API server, hears of neither', (t) => {
  const quiet = alerts.map(({ alert }) => ({ eval_time: '2h', alertname: alert, exp_alerts: [] }));
  assert.ok(quiet.length > 20);
  runRuleTest(t, { interval: '1m', input_series: [], alert_rule_test: quiet });
});

for (const rule of alerts) {
  const alert = rule.alert as keyof typeof alertCases;
  const { fires, firesToo, quiet } = alertCases[alert];

  for (const firing of firesToo ? [fires, firesToo] : [fires]) {
    test(`${alert} fires when ${firing.when}`, (t) => {
      const { description, runbook_url } = rule.annotations!;
      testRules(t, firing, {
        alertname: alert,
        exp_alerts: [
          {
            exp_labels: { ...rule.labels, ...firing.labels },
            exp_annotations: { summary: firing.summary, description, runbook_url },
          },
        ],
      });
    });
  }

  test(`${alert} is quiet when ${quiet.when}`, (t) => {
    testRules(t, quiet, { alertname: alert, exp_alerts: [] });
  });
}

function testRules(
  t: { after(release: () => void): void },
  { series, atMinute, minutesApart = 1 }: Case,
  expected: object,
): void {
  runRuleTest(t, {
    interval: `${minutesApart}m`,
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: `${atMinute}m`, ...expected }],
  });
}

function runRuleTest(t: { after(release: () => void): void }, test: RuleTest): void {
  const own = mkdtempSync(join(tmpdir(), 'alerts-'));
  t.after(() => rmSync(own, { recursive: true }));
  const file = join(own, 'test.yaml');
  writeFileSync(
    file,
    stringify({ rule_files: ruleFiles, evaluation_interval: test.interval, tests: [test] }),
  );
  promtool(['test', 'rules', file]);
}
