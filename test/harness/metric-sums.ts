import { until } from './redis.ts';
import type { Sidecar } from './sidecar.ts';

/** Waits until so many requests are under way in a sidecar, those that wait for their turn among them. */
export function untilInFlight(sidecar: Pick<Sidecar, 'metrics'>, count: number): Promise<void> {
  return until(async () => (await metricSum(sidecar, 'assistant_proxy_requests_in_flight')) === count);
}

/** The sum of a metric over those of its series that have all of these labels. */
export async function metricSum(
  sidecar: Pick<Sidecar, 'metrics'>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const values = (await sidecar.metrics())
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((label) => line.includes(label)))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  return values.reduce((sum, value) => sum + value, 0);
}
