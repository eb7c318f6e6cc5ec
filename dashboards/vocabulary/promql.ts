/** Queries of the sidecar's metrics, by the variables of a dashboard. */
import { metricDefinitions } from '../../src/telemetry/metric-definitions.ts';

type Definition = (typeof metricDefinitions)[keyof typeof metricDefinitions];
export type MetricName = Definition['name'];

const labelsOf = new Map<string, readonly string[]>(
  Object.values(metricDefinitions).map(({ name, labelNames }) => [name, labelNames]),
);

/** By label, the variable that chooses its values. */
const variables: Readonly<Record<string, string>> = {
  team: 'team',
  app: 'app',
  model: 'model',
  gen_ai_request_model: 'model',
  budget: 'budget',
};

/**
 * What tells one sidecar from another, beside the namespace: Kubernetes knows pods, and every Prometheus knows
 * instances.
 */
export const pod = ['namespace', 'pod', 'instance'] as const;
export const podLegend = '{{pod}} {{instance}}';

/** The series of a metric that the dashboard's variables choose, by those of its labels that they are for. */
export function series(name: MetricName, matchers = '', suffix = ''): string {
  const chosen = (labelsOf.get(name) ?? []).flatMap((label) => {
    const variable = variables[label];
    return variable === undefined ? [] : [`${label}=~"$${variable}"`];
  });
  return `${name}${suffix}{${['namespace=~"$namespace"', ...chosen, ...(matchers ? [matchers] : [])].join(', ')}}`;
}

/** The same of a gauge, and of this sidecar where others have a metric of that name. */
export function gauge(name: MetricName, matchers = ''): string {
  return ours(name, series(name, matchers));
}

/** How fast a counter grows in each second, as a sum by these labels. */
export function rate(name: MetricName, by: readonly string[] = [], matchers = ''): string {
  return sum(by, ours(name, `rate(${series(name, matchers)}[$__rate_interval])`));
}

/** By how much it has grown in the time that the dashboard shows. */
export function increase(name: MetricName, by: readonly string[] = [], matchers = ''): string {
  return sum(by, ours(name, `increase(${series(name, matchers)}[$__range])`));
}

/** A quantile of a histogram, from 0 to 1. */
export function quantile(q: number, name: MetricName, by: readonly string[] = [], matchers = ''): string {
  const buckets = `rate(${series(name, matchers, '_bucket')}[$__rate_interval])`;
  return `histogram_quantile(${q}, ${sum(['le', ...by], ours(name, buckets))})`;
}

/** How many observations a histogram makes in each second. */
export function observations(name: MetricName, by: readonly string[] = [], matchers = ''): string {
  return sum(by, ours(name, `rate(${series(name, matchers, '_count')}[$__rate_interval])`));
}

/** The sum of what a histogram observes in each second. */
export function observed(name: MetricName, by: readonly string[] = [], matchers = ''): string {
  return sum(by, ours(name, `rate(${series(name, matchers, '_sum')}[$__rate_interval])`));
}

export function sum(by: readonly string[], expression: string): string {
  return aggregate('sum', by, expression);
}

export function max(by: readonly string[], expression: string): string {
  return aggregate('max', by, expression);
}

export function min(by: readonly string[], expression: string): string {
  return aggregate('min', by, expression);
}

/** For what is truly nothing while nobody has counted it. */
export function orZero(expression: string): string {
  return `${expression} or vector(0)`;
}

function aggregate(operator: string, by: readonly string[], expression: string): string {
  return by.length === 0 ? `${operator}(${expression})` : `${operator} by (${by.join(', ')}) (${expression})`;
}

/** Every process has a start time, and applications may have metrics of the GenAI conventions themselves. */
function ours(name: string, expression: string): string {
  if (name.startsWith('assistant_proxy_')) return expression;
  return `${expression} and on (job, instance) assistant_proxy_build_info`;
}
