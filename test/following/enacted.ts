import assert from 'node:assert/strict';

import { metricSum } from '../harness/metric-sums.ts';
import { until } from '../harness/redis.ts';
import type { Sidecar } from '../harness/sidecar.ts';

/** How many changes of its file a sidecar took, or refused. */
export function changes(sidecar: Sidecar, result: 'applied' | 'refused'): Promise<number> {
  return metricSum(sidecar, 'assistant_proxy_config_changes_total', { result });
}

/** Changes the file, and waits until that is in effect. */
export async function enacted(sidecar: Sidecar, text: string): Promise<void> {
  const before = await changes(sidecar, 'applied');
  const refusedBefore = await changes(sidecar, 'refused');
  sidecar.writeConfig(text);
  await until(async () => {
    if ((await changes(sidecar, 'refused')) > refusedBefore) {
      assert.fail(JSON.stringify(await audited(sidecar, 'configuration_refused', refusedBefore + 1)));
    }
    return (await changes(sidecar, 'applied')) === before + 1;
  });
}

/** Changes the file, and waits until that is refused; why, as the log has it. */
export async function refused(sidecar: Sidecar, text: string): Promise<string> {
  const before = await changes(sidecar, 'refused');
  sidecar.writeConfig(text);
  await until(async () => (await changes(sidecar, 'refused')) === before + 1);
  const { reason } = await audited(sidecar, 'configuration_refused', before + 1);
  return String(reason);
}

/** The first, or so-manyth, audited event of that name, but for what all have. */
export async function audited(
  sidecar: Sidecar,
  wanted: string,
  ordinal = 1,
): Promise<Record<string, unknown>> {
  const find = () => sidecar.logLines().filter(({ event }) => event === wanted)[ordinal - 1];
  // Lines are written in the background.
  await until(async () => find() !== undefined);
  const { level: _level, time: _time, audit: _audit, msg: _msg, event: _event, ...fields } = find()!;
  return fields;
}
