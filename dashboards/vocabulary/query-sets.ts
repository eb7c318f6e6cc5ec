/** Queries that several panels ask, with what their series mean. */
import type { PanelSpec } from './panels.ts';
import { type MetricName, quantile, rate } from './promql.ts';

type QuerySet = Pick<PanelSpec, 'queries' | 'meanings'>;

/** The middle of a histogram, and how long its slow ones take: all but a twentieth, or a hundredth, are quicker. */
export function spread(name: MetricName, slow: 0.95 | 0.99): QuerySet {
  const slowLegend = `${slow * 100} %`;
  return {
    queries: [
      { expr: quantile(0.5, name), legend: 'median' },
      { expr: quantile(slow, name), legend: slowLegend, exemplars: true },
    ],
    meanings: { median: 'plain', [slowLegend]: 'second' },
  };
}

export const tokensInAndOut: QuerySet = {
  queries: [
    { expr: rate('assistant_proxy_tokens_total', ['kind'], 'kind=~"input|output"'), legend: '{{kind}}' },
  ],
  meanings: { input: 'plain', output: 'second' },
};
