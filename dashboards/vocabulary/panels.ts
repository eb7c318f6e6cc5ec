/** The kinds of panels that the dashboards are made of. */
import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphGradientMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

import type { AlertName } from '../../alerts/alerts.ts';
import { runbookAnchor } from '../../alerts/vocabulary/runbook.ts';
import { type Meaning, colours, fixed, plain } from './colours.ts';

export interface Query {
  readonly expr: string;
  /** What a series is called: `{{label}}`, or a name that `meanings` gives a colour. */
  readonly legend: string;
  /** Whether single calls are shown as dots that lead to their traces; for histograms. */
  readonly exemplars?: boolean;
}

export interface PanelSpec {
  readonly title: string;
  /** What it shows, and what to do about it. */
  readonly description: string;
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns; left out: an even share of the row. */
  readonly width?: number;
  readonly thresholds?: readonly Threshold[];
  /** Series by what they are called. */
  readonly meanings?: Readonly<Record<string, Meaning>>;
  readonly max?: number;
  readonly decimals?: number;
  /** Whose section of the runbooks says what to do. */
  readonly runbook?: AlertName;
}

/** What has a place on a dashboard. */
export interface Placeable {
  readonly width: number | undefined;
  place(id: number, at: { x: number; y: number; w: number; h: number }): Builder<Panel>;
}

export const datasource = { type: 'prometheus', uid: '${datasource}' };

/** One number, as it is now, before how it got there. */
export function figure(spec: PanelSpec): Placeable {
  const builder = new stat.PanelBuilder()
    .graphMode(BigValueGraphMode.Area)
    .colorMode(BigValueColorMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  return dressed(builder, spec, thresholdColours(spec));
}

/** A sum over all the time that the dashboard shows. */
export function total(spec: PanelSpec): Placeable {
  const builder = new stat.PanelBuilder()
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  return dressed(builder, spec, { ...thresholdColours(spec), instant: true });
}

/** Lines over time. Thresholds are dashed lines. */
export function lines(spec: PanelSpec): Placeable {
  return dressed(graph(spec).fillOpacity(spec.queries.length === 1 ? 8 : 0), spec, seriesColours);
}

/** Areas on top of each other, where the whole means something too. */
export function areas(spec: PanelSpec): Placeable {
  const builder = graph(spec)
    .fillOpacity(30)
    .lineWidth(1)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  return dressed(builder, spec, seriesColours);
}

/** The same things beside each other, the largest first; `unit` of `percentunit` fills up to 100 %. */
export function bars(spec: PanelSpec): Placeable {
  const builder = new bargauge.PanelBuilder()
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Gradient)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .min(0);
  return dressed(builder, spec, { ...thresholdColours(spec), instant: true });
}

/** What state something was in, and when. */
export function states(
  spec: PanelSpec & { readonly names: Readonly<Record<number, readonly [string, Meaning]>> },
): Placeable {
  const builder = new statetimeline.PanelBuilder()
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .rowHeight(0.8)
    .fillOpacity(80)
    .legend(legend(false))
    .mappings([
      {
        type: MappingType.ValueToText,
        options: Object.fromEntries(
          Object.entries(spec.names).map(([value, [text, meaning]], index) => [
            value,
            { text, color: colours[meaning], index },
          ]),
        ),
      },
    ]);
  return dressed(builder, spec, thresholdColours(spec));
}

function graph(spec: PanelSpec) {
  const builder = new timeseries.PanelBuilder()
    .lineInterpolation(LineInterpolation.Linear)
    .lineWidth(2)
    .showPoints(VisibilityMode.Never)
    .gradientMode(GraphGradientMode.None)
    .spanNulls(false)
    .min(0)
    .legend(legend(true))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  if (spec.thresholds) {
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  return builder;
}

function legend(isShown: boolean): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(isShown)
    .calcs([]);
}

interface Dress {
  readonly colorMode: FieldColorModeId;
  readonly thresholds: readonly Threshold[];
  /** Only what is now. */
  readonly instant?: boolean;
}

const seriesColours: Dress = { colorMode: FieldColorModeId.PaletteClassicByName, thresholds: plain };

function thresholdColours(spec: PanelSpec): Dress {
  return { colorMode: FieldColorModeId.Thresholds, thresholds: spec.thresholds ?? plain };
}

/** What the builders of all kinds of panels have in common. */
interface Dressable extends Builder<Panel> {
  title(title: string): unknown;
  description(description: string): unknown;
  unit(unit: string): unknown;
  datasource(source: typeof datasource): unknown;
  thresholds(thresholds: Builder<ReturnType<ThresholdsConfigBuilder['build']>>): unknown;
  colorScheme(scheme: FieldColorBuilder): unknown;
  targets(targets: Builder<Dataquery>[]): unknown;
  overrideByName(name: string, properties: { id: string; value?: unknown }[]): unknown;
  links(links: DashboardLinkBuilder[]): unknown;
  max(max: number): unknown;
  decimals(decimals: number): unknown;
  id(id: number): unknown;
  gridPos(position: { x: number; y: number; w: number; h: number }): unknown;
}

export function dressed(builder: Dressable, spec: PanelSpec, dress: Dress): Placeable {
  builder.title(spec.title);
  builder.description(spec.description);
  builder.unit(spec.unit);
  builder.datasource(datasource);
  const thresholds = [...(spec.thresholds ?? dress.thresholds)];
  builder.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholds));
  builder.colorScheme(new FieldColorBuilder().mode(dress.colorMode));
  builder.targets(spec.queries.map((query, index) => target(query, index, dress.instant ?? false)));
  for (const [name, meaning] of Object.entries(spec.meanings ?? {})) {
    builder.overrideByName(name, [fixed(meaning)]);
  }
  if (spec.max !== undefined) builder.max(spec.max);
  if (spec.decimals !== undefined) builder.decimals(spec.decimals);
  if (spec.runbook) builder.links([runbookLink(spec.runbook)]);
  return {
    width: spec.width,
    place(id, at) {
      builder.id(id);
      builder.gridPos(at);
      return builder;
    },
  };
}

export function target(query: Query, index: number, isInstant: boolean): prometheus.DataqueryBuilder {
  const builder = new prometheus.DataqueryBuilder()
    .refId(String.fromCodePoint(65 + index))
    .datasource(datasource)
    .expr(query.expr)
    .legendFormat(query.legend);
  if (query.exemplars === true) builder.exemplar(true);
  return isInstant ? builder.instant() : builder.range();
}

function runbookLink(alert: AlertName): DashboardLinkBuilder {
  return new DashboardLinkBuilder(`Runbook: ${alert}`)
    .type(DashboardLinkType.Link)
    .url(`\${runbooks}#${runbookAnchor(alert)}`)
    .targetBlank(true);
}
