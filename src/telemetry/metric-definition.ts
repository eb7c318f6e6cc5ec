/** What a metric is called and means. The registries and the README's table are made from this. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly buckets?: readonly number[];
  /**
   * Label values of what seldom happens. Of these zero is told from the start: Prometheus sees how a series grows, but
   * not that it begins.
   */
  readonly seldom?: readonly (readonly string[])[];
}

/** From a cached lookup to a long reasoning stream. */
export const callBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] as const;

/** Of what takes microseconds when all is well, and must not take seconds. */
export const quickBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5,
] as const;
