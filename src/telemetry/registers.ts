import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client';

import type { MetricDefinition } from './metric-definition.ts';

/** Where metrics are asked for; none at all if they are off. */
export type Registers = (Registry | Registry<OpenMetricsContentType>)[];

export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Labels that several samples share: the same object for each. */
  readonly sharedLabels?: Readonly<Record<string, string>>;
  /** Where it isn't that of the definition: `..._bucket`. */
  readonly metricName?: string;
  readonly exemplar?: Exemplar | undefined;
}

/** One observation that stands for others of its bucket. */
interface Exemplar {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** Adds a metric whose samples are read when it is scraped. */
export function expose(
  { name, type, help }: MetricDefinition,
  registers: Registers,
  read: () => Iterable<Sample> | Promise<Iterable<Sample>>,
): void {
  for (const register of registers) {
    // OpenMetrics' registry takes the ending off the names of counters, in place.
    const metric = { name, type, help, get };
    register.registerMetric(metric as unknown as Metric);
    async function get() {
      return { name: metric.name, help, type, aggregator: 'sum', values: [...(await read())] };
    }
  }
}

const openMetrics = 'application/openmetrics-text';

export interface Exposition {
  readonly registers: Registers;
  /** @param accept what the scraper takes; OpenMetrics is told to whoever asks for it, and has exemplars. */
  render(accept?: string): Promise<{ readonly contentType: string; readonly text: string }>;
}

export function createExposition(): Exposition {
  const plain = new Registry();
  const rich = new Registry<OpenMetricsContentType>();
  rich.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return {
    registers: [plain, rich],
    async render(accept = '') {
      const registry = accept.includes(openMetrics) ? rich : plain;
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
