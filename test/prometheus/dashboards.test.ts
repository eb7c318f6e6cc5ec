import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as units from '@grafana/grafana-foundation-sdk/units';

import { ruleGroups } from '../../alerts/alerts.ts';
import { runbookAnchor } from '../../alerts/vocabulary/runbook.ts';
import { metricDefinitions } from '../../src/telemetry/metric-definitions.ts';
import { type GeneratedPanel, readDashboards } from './read-dashboards.ts';

const dashboards = readDashboards();

test('each dashboard has an address, a title and a description of its own, and leads to the others', () => {
  assert.equal(dashboards.length, 6);
  for (const field of ['uid', 'title', 'description'] as const) {
    const values = new Set(dashboards.map(({ model }) => model[field]).filter(Boolean));
    assert.equal(values.size, 6, field);
  }
  for (const { model } of dashboards) {
    const [link] = model.links ?? [];
    assert.deepEqual([link?.type, link?.tags, link?.includeVars], ['dashboards', model.tags, true]);
  }
});

for (const { file, model, rows, panels } of dashboards) {
  test(`${file}: panels have ids of their own and lie on the grid without overlapping or leaving gaps`, () => {
    const all = [...rows, ...panels];
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    const cells = new Set<string>();
    let area = 0;
    for (const { gridPos, title } of all) {
      assert.ok(gridPos && gridPos.x + gridPos.w <= 24 && gridPos.w > 0 && gridPos.h > 0, title);
      area += gridPos.w * gridPos.h;
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) cells.add(`${x} ${y}`);
      }
    }
    assert.equal(cells.size, area, 'no cell is taken twice');
    const height = Math.max(...all.map(({ gridPos }) => gridPos!.y + gridPos!.h));
    assert.equal(cells.size, 24 * height, 'no cell is left empty');
  });

  test(`${file}: every panel says what it shows and what to do, in which unit, and asks for something`, () => {
    const unitNames = new Set<unknown>(Object.values(units));
    const titles = new Set<string>();
    for (const panel of panels) {
      const title = panel.title ?? '';
      assert.ok(title !== '' && !titles.has(title), `${title}: a title of its own`);
      titles.add(title);
      assert.match(panel.description ?? '', /^[A-Za-z].{20,}\.$/, title);
      assert.ok(unitNames.has(panel.fieldConfig?.defaults.unit), `${title}: a unit that Grafana knows`);
      assert.ok(panel.targets.length > 0, title);
      assert.equal(new Set(panel.targets.map(({ refId }) => refId)).size, panel.targets.length, title);
      assert.equal(panel.datasource?.uid, '${datasource}', title);
    }
  });

  test(`${file}: queries use only variables that the dashboard has, and metrics that the sidecar has`, () => {
    const variables = new Set(model.templating?.list?.map(({ name }) => name));
    for (const name of ['datasource', 'namespace', 'team', 'app', 'model'])
      assert.ok(variables.has(name), name);
    const metrics = metricNames();
    for (const [title, text] of texts(panels)) {
      for (const [, name = ''] of text.matchAll(/\$\{?(\w+)\}?/g)) {
        if (!name.startsWith('__')) assert.ok(variables.has(name), `${title}: $${name}`);
      }
      for (const [name] of text.matchAll(/\b(?:assistant_proxy|gen_ai|process|nodejs)_\w+(?=[{[]| [)])/g)) {
        assert.ok(
          metrics.has(name.replace(/_(?:bucket|sum|count)$/, '')) || metrics.has(name),
          `${title}: ${name}`,
        );
      }
    }
  });

  test(`${file}: its variables take all, which fits series without such a label`, () => {
    const lists = model.templating?.list?.filter(({ type }) => type === 'query') ?? [];
    assert.ok(lists.length >= 4);
    for (const variable of lists) {
      assert.deepEqual(
        [variable.multi, variable.includeAll, variable.allValue, variable.current?.value],
        [true, true, '.*', '$__all'],
        variable.name,
      );
    }
  });

  test(`${file}: links lead to runbooks that there are`, () => {
    const anchors = new Set(ruleGroups.flatMap(({ alerts }) => Object.keys(alerts)).map(runbookAnchor));
    const urls = panels.flatMap(({ links }) => links ?? []).map(({ url }) => url ?? '');
    assert.ok(urls.length > 0);
    for (const url of urls) assert.ok(anchors.has(url.replace('${runbooks}#', '')), url);
  });
}

test('histograms of durations and tokens show exemplars, which lead to traces', () => {
  const targets = dashboards.flatMap(({ panels }) => panels).flatMap((panel) => panel.targets);
  const withExemplars = targets.filter((target) => 'exemplar' in target && target.exemplar === true);
  assert.ok(withExemplars.length >= 8);
  for (const { expr } of withExemplars) assert.match(expr, /_(?:seconds|token_usage)_bucket\{/);
});

function metricNames(): Set<string> {
  return new Set(Object.values(metricDefinitions).map(({ name }) => name));
}

/** The queries, by the titles of their panels. */
function texts(panels: readonly GeneratedPanel[]): [string, string][] {
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }): [string, string] => [title ?? '', expr]),
  );
}
