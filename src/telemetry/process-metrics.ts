import { Registry, collectDefaultMetrics } from 'prom-client';

import { processDefinitions as definitions } from './process-definitions.ts';
import { type Registers, type Sample, expose } from './registers.ts';

/** Of prom-client's own, those that are looked at; each sets those behind it that tell of the same. */
const wanted = [
  definitions.residentMemory,
  definitions.startTime,
  definitions.openFileDescriptors,
  definitions.heapTotal,
  definitions.heapUsed,
  definitions.garbageCollection,
];

/** By percentile. A label `quantile` would be that of a summary. */
const delays = [
  [50, 'nodejs_eventloop_lag_p50_seconds'],
  [99, 'nodejs_eventloop_lag_p99_seconds'],
  [100, 'nodejs_eventloop_lag_max_seconds'],
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
  expose(definitions.cpu, registers, async () => {
    // Sets the sum of user and system, which sets nothing itself.
    await read('process_cpu_user_seconds_total');
    return read(definitions.cpu.name);
  });
  for (const definition of wanted) expose(definition, registers, () => read(definition.name));
  expose(definitions.eventLoopDelay, registers, async () => {
    // Sets the others, and begins anew.
    await read('nodejs_eventloop_lag_seconds');
    return Promise.all(
      delays.map(async ([percentile, name]) => {
        const [sample] = await read(name);
        // What is measured is the time between two looks.
        return { labels: { percentile }, value: Math.max(0, (sample?.value || 0) - resolutionMs / 1000) };
      }),
    );
  });
  expose(definitions.buildInfo, registers, () => [{ labels: { version }, value: 1 }]);
}

interface Readable {
  get(): Promise<{ readonly values: readonly Sample[] }>;
}
