import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  ConstantVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';

import { runbooksUrl } from '../../alerts/vocabulary/runbook.ts';
import { type Placeable, datasource } from './panels.ts';

export interface Row {
  readonly title: string;
  readonly height: number;
  /** Of 24 columns; for panels that ask for no width of their own. */
  readonly narrowest: number;
  readonly panels: readonly Placeable[];
}

interface DashboardSpec {
  /** After `assistant-proxy-`, and the name of its file. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Further variables, beside those of all dashboards. */
  readonly choosesBudget?: boolean;
  readonly rows: readonly Row[];
}

const columns = 24;

/** Numbers in large print, one line of them. */
export function figures(title: string, ...panels: Placeable[]): Row {
  return { title, height: 4, narrowest: 1, panels };
}

/** Graphs side by side; those that do not fit go below. */
export function row(title: string, ...panels: Placeable[]): Row {
  return { title, height: 8, narrowest: 8, panels };
}

/** One panel that takes it all. */
export function whole(title: string, height: number, panel: Placeable): Row {
  return { title, height, narrowest: columns, panels: [panel] };
}

export function dashboard(spec: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(`Assistant proxy / ${spec.title}`)
    .uid(`assistant-proxy-${spec.name}`)
    .description(spec.description)
    .tags(['assistant-proxy'])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .refresh('30s')
    .time({ from: 'now-3h', to: 'now' })
    .timezone('browser')
    .links([others()])
    .variables([
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
      chosen('namespace', 'Namespace', 'assistant_proxy_build_info'),
      chosen('team', 'Team', 'assistant_proxy_requests_total{namespace=~"$namespace"}'),
      chosen('app', 'App', 'assistant_proxy_requests_total{namespace=~"$namespace", team=~"$team"}'),
      chosen('model', 'Model', 'assistant_proxy_tokens_total{namespace=~"$namespace"}'),
      ...(spec.choosesBudget === true
        ? [chosen('budget', 'Budget', 'assistant_proxy_budget_limit{namespace=~"$namespace"}')]
        : []),
      new ConstantVariableBuilder('runbooks').label('Runbooks').value(runbooksUrl),
    ]);
  lay(builder, spec.rows);
  return builder.build();
}

/** Many, or all, which fits series without that label too: a plain Prometheus knows no namespaces. */
function chosen(name: string, label: string, of: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query({ query: `label_values(${of}, ${name})`, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' })
    .hide(VariableHide.DontHide);
}

function others(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('Assistant proxy')
    .type(DashboardLinkType.Dashboards)
    .tags(['assistant-proxy'])
    .asDropdown(false)
    .includeVars(true)
    .keepTime(true);
}

/** From left to right, and on in the next line where a panel does not fit. */
function lay(builder: DashboardBuilder, rows: readonly Row[]): void {
  let id = 0;
  let y = 0;
  for (const { title, height, narrowest, panels } of rows) {
    builder.withRow(new RowBuilder(title).id((id += 1)).gridPos({ x: 0, y, w: columns, h: 1 }));
    y += 1;
    let x = 0;
    for (const panel of panels) {
      const w = panel.width ?? Math.max(narrowest, Math.floor(columns / panels.length));
      if (x + w > columns) {
        x = 0;
        y += height;
      }
      builder.withPanel(panel.place((id += 1), { x, y, w, h: height }));
      x += w;
    }
    y += height;
  }
}
