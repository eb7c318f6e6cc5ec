import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';

const folder = join(import.meta.dirname, '../../charts/assistant-proxy/dashboards');

export interface GeneratedPanel extends Omit<Panel, 'targets'> {
  readonly targets: {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat: string;
    readonly instant?: boolean;
    readonly exemplar?: boolean;
  }[];
}

export interface GeneratedDashboard {
  readonly file: string;
  readonly model: Dashboard;
  readonly rows: readonly RowPanel[];
  /** Without the rows. */
  readonly panels: readonly GeneratedPanel[];
}

/** As Grafana will load them. */
export function readDashboards(): GeneratedDashboard[] {
  return readdirSync(folder).map((file) => {
    const model = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard;
    const all = model.panels ?? [];
    return {
      file,
      model,
      rows: all.filter((panel): panel is RowPanel => panel.type === 'row'),
      panels: all.filter((panel) => panel.type !== 'row') as unknown as GeneratedPanel[],
    };
  });
}
