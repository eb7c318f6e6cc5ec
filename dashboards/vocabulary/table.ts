import { TableCellDisplayMode, TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import { FieldColorModeId, type Threshold, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import * as tables from '@grafana/grafana-foundation-sdk/table';

import { plain } from './colours.ts';
import { type PanelSpec, type Placeable, dressed, target } from './panels.ts';

interface Column {
  readonly title: string;
  readonly expr: string;
  readonly unit: string;
  readonly thresholds?: readonly Threshold[];
  readonly decimals?: number;
}

interface TableSpec extends Omit<PanelSpec, 'queries' | 'thresholds' | 'meanings'> {
  /** Labels that tell the rows apart, by the titles of their columns. */
  readonly labels: Readonly<Record<string, string>>;
  readonly columns: readonly Column[];
  /** The title of the column whose largest value comes first. */
  readonly sortBy: string;
}

/** A row for each combination of labels, as things are now; columns with thresholds are coloured. */
export function table(spec: TableSpec): Placeable {
  const { labels, columns, sortBy } = spec;
  const queries = columns.map(({ expr, title }) => ({ expr, legend: title }));
  const valueOf = (index: number) =>
    columns.length === 1 ? 'Value' : `Value #${String.fromCodePoint(65 + index)}`;
  const titles = Object.fromEntries(columns.map(({ title }, index) => [valueOf(index), title]));
  const shown = [...Object.keys(labels), ...columns.map((_, index) => valueOf(index))];
  const builder = new tables.PanelBuilder()
    .filterable(true)
    .sortBy([new TableSortByFieldStateBuilder().displayName(sortBy).desc(true)])
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({ id: 'filterFieldsByName', options: { include: { names: shown } } })
    .withTransformation({
      id: 'organize',
      options: {
        indexByName: Object.fromEntries(shown.map((name, index) => [name, index])),
        renameByName: { ...labels, ...titles },
      },
    });
  for (const column of columns) builder.overrideByName(column.title, properties(column));
  const placeable = dressed(
    builder,
    { ...spec, queries },
    { colorMode: FieldColorModeId.Thresholds, thresholds: plain },
  );
  builder.targets(queries.map((query, index) => target(query, index, true).format(PromQueryFormat.Table)));
  return placeable;
}

function properties({ unit, thresholds, decimals }: Column): { id: string; value?: unknown }[] {
  const own: { id: string; value?: unknown }[] = [{ id: 'unit', value: unit }];
  if (decimals !== undefined) own.push({ id: 'decimals', value: decimals });
  if (!thresholds) return own;
  const steps = { mode: ThresholdsMode.Absolute, steps: thresholds };
  const cell = { type: TableCellDisplayMode.ColorText };
  return [...own, { id: 'thresholds', value: steps }, { id: 'custom.cellOptions', value: cell }];
}
