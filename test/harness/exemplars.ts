import { parseExposition } from './parse-exposition.ts';
import type { Sidecar } from './sidecar.ts';

/** Of the metrics as they are now, or of the one of that name. */
export async function exemplarTraceIds(
  { adminUrl }: Pick<Sidecar, 'adminUrl'>,
  name?: string,
): Promise<Set<string>> {
  const accept = 'application/openmetrics-text; version=1.0.0';
  const answer = await fetch(`${adminUrl}/metrics`, { headers: { accept } });
  const told = parseExposition(await answer.text());
  const metrics = name === undefined ? [...told.values()] : [told.get(name)];
  const samples = metrics.flatMap((metric) => metric?.samples ?? []);
  return new Set(samples.flatMap(({ exemplar }) => (exemplar ? [exemplar['trace_id']!] : [])));
}
