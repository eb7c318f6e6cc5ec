import type { Config } from '../config/schema.ts';
import { createOrganizationUsage } from '../drift/organization-usage.ts';
import { type DriftWatch, watchDrift } from '../drift/watch-drift.ts';
import type { CountedByHour } from '../ledger/count-by-hour.ts';
import { takeTurn } from '../ledger/take-turn.ts';
import type { LogSink } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createDispatcher } from '../upstream/dispatcher.ts';
import { fixedKey, watchKeyFile } from '../watching/watched-key.ts';

interface DriftParts {
  readonly log: LogSink['log'];
  readonly metrics: Metrics;
  readonly counted: CountedByHour;
  readonly orgs: () => readonly string[];
}

export interface OpenDrift {
  close(): Promise<void>;
}

function hasAdminKey({ adminKey, adminKeyFile }: Config['drift']): boolean {
  return adminKey !== '' || adminKeyFile !== '';
}

/** Whether calls are counted for a comparison, by this pod or another one. */
export function isCountedByHour({ drift }: Pick<Config, 'drift'>): boolean {
  return drift.count || hasAdminKey(drift);
}

const minuteMs = 60_000;

/** The comparison with the provider's own count, for as long as the sidecar runs; undefined if it has no key for that. */
export function openDrift(
  config: Config,
  { log, metrics, counted, orgs }: DriftParts,
): OpenDrift | undefined {
  const { drift, upstream } = config;
  if (!hasAdminKey(drift)) return undefined;
  const { adminKey, adminKeyFile, baseUrl, projectIds } = drift;
  const key =
    adminKeyFile === ''
      ? fixedKey(adminKey)
      : watchKeyFile({ file: adminKeyFile, path: 'drift.adminKeyFile', minLength: 1 }, (error) =>
          log.error({ cause: error.message }, 'key not reread'),
        );
  const dispatcher = createDispatcher({ ...upstream, baseUrl });
  const provider = createOrganizationUsage({ baseUrl, dispatcher, adminKey: key.read, projectIds });
  const everyMs = drift.everyMinutes * minuteMs;
  const watch: DriftWatch = watchDrift({
    provider,
    hours: () => counted.hours(orgs()),
    periodHours: drift.periodHours,
    delayMs: drift.delayMinutes * minuteMs,
    takeTurn: () => takeTurn(counted.ledger, { org: config.identity.org, name: ':drift', everyMs }),
    everyMs,
    nowMs: counted.ledger.nowMs,
    random: Math.random,
    metrics: metrics.drift,
    log,
  });
  return {
    async close() {
      watch.close();
      key.close();
      await provider.close();
    },
  };
}
