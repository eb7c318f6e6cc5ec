import { Registry, collectDefaultMetrics } from 'prom-client';

import { processDefinitions as definitions } from './process-definitions.ts';
import { type Registers, type Sample, expose } from './registers.ts';

/** Of prom-client's own, those that are looked at; each sets those behind it that tell of the same. */
const wanted = [
  definitions.cpu,
  definitions.residentMemory,
  definitions.startTime,
  definitions.openFileDescriptors,
  definitions.heapTotal,
  definitions.heapUsed,
  definitions.garbageCollection,
];

const delays = [
  [0.5, 'nodejs_eventloop_lag_p50_seconds'],
  [0.99, 'nodejs_eventloop_lag_p99_seconds'],
  [1, 'nodejs_eventloop_lag_max_seconds'],
] as const;

/** The event loop is looked at so often. */
const resolutionMs = 10;

/** What the process takes, as prom-client measures it. */
export function createProcessMetrics(registers: Registers, version: string): void {
  if (registers.length === 0) return;
  const all = new Registry();
  collectDefaultMetrics({ register: all, eventLoopMonitoringPrecision: resolutionMs });
  const read = async (name: string) => {
    const { values } = await (all.getSingleMetric(name) as unknown as Readable).get();
    return values;
  };
  for (const definition of wanted) expose(definition, registers, () => read(definition.name));
  expose(definitions.eventLoopDelay, registers, async () => {
    // Sets the others, and begins anew.
    await read('nodejs_eventloop_lag_seconds');
    return Promise.all(
      delays.map(async ([quantile, name]) => {
        const [sample] = await read(name);
        // What is measured is the time between two looks.
        return { labels: { quantile }, value: Math.max(0, (sample?.value || 0) - resolutionMs / 1000) };
      }),
    );
  });
  expose(definitions.buildInfo, registers, () => [{ labels: { version }, value: 1 }]);
}

interface Readable {
  get(): Promise<{ readonly values: readonly Sample[] }>;
}
