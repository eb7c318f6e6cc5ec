import { boundedLabel } from './bounded-label.ts';
import { type ConfigMetrics, createConfigMetrics } from './config-metrics.ts';
import { type DriftMetrics, createDriftMetrics } from './drift-metrics.ts';
import { type LedgerMetrics, createLedgerMetrics } from './ledger-metrics.ts';
import { processDefinitions } from './process-definitions.ts';
import { createProcessMetrics } from './process-metrics.ts';
import { type RedactionMetrics, createRedactionMetrics } from './redaction-metrics.ts';
import { createExposition } from './registers.ts';
import { requestDefinitions } from './request-definitions.ts';
import { type RequestMetrics, createRequestMetrics } from './request-metrics.ts';
import { type RetryMetrics, createRetryMetrics } from './retry-metrics.ts';
import { type RunMetrics, createRunMetrics } from './run-metrics.ts';
import { type StoreMetrics, createStoreMetrics } from './store-metrics.ts';
import { createTally } from './tally.ts';
import { type UpstreamLimitMetrics, createUpstreamLimitMetrics } from './upstream-limit-metrics.ts';
import { type UpstreamMetrics, createUpstreamMetrics } from './upstream-metrics.ts';
import { type UsageMetrics, createUsageMetrics } from './usage-metrics.ts';

/** What became of a POST with an Idempotency-Key. */
export type IdempotentResult =
  | 'begun'
  | 'replayed'
  | 'waited'
  | 'conflict'
  | 'abandoned'
  | 'left'
  | 'refused';

export interface Metrics {
  readonly requests: RequestMetrics;
  readonly usage: UsageMetrics;
  readonly ledger: LedgerMetrics;
  readonly redaction: RedactionMetrics;
  readonly upstreamLimits: UpstreamLimitMetrics;
  readonly retries: RetryMetrics;
  readonly upstreams: UpstreamMetrics;
  readonly runs: RunMetrics;
  readonly stores: StoreMetrics;
  readonly drift: DriftMetrics;
  readonly config: ConfigMetrics;
  idempotent(result: IdempotentResult): void;
  /** So many pieces of telemetry were dropped, because nobody took them in time. */
  dropped(signal: 'log' | 'span' | 'webhook', count: number): void;
  /**
   * In Prometheus' text format, or in OpenMetrics' for a scraper whose Accept header names it; undefined if metrics
   * are off. Never rejects, and waits for no store longer than that may take.
   */
  exposition(accept?: string): Promise<{ readonly contentType: string; readonly text: string } | undefined>;
}

export interface MetricsSettings {
  /** With false nothing is counted, and so nothing costs. */
  readonly metrics: boolean;
  /** Distinct names before further ones count as `other`. */
  readonly maxModelLabels: number;
  /** The same, of teams, and of apps. */
  readonly maxIdentityLabels: number;
  readonly maxBudgetScopes: number;
  readonly version: string;
}

export function createMetrics(settings: MetricsSettings): Metrics {
  const exposition = createExposition();
  const registers = settings.metrics ? exposition.registers : [];
  const labels = {
    model: boundedLabel(settings.maxModelLabels),
    team: boundedLabel(settings.maxIdentityLabels, ''),
    app: boundedLabel(settings.maxIdentityLabels, ''),
  };
  const idempotent = createTally(requestDefinitions.idempotent, registers);
  const dropped = createTally(processDefinitions.telemetryDropped, registers);
  const ledger = createLedgerMetrics(registers, settings.maxBudgetScopes);
  createProcessMetrics(registers, settings.version);

  return {
    requests: createRequestMetrics(registers, labels),
    usage: createUsageMetrics(registers, labels),
    ledger,
    redaction: createRedactionMetrics(registers),
    upstreamLimits: createUpstreamLimitMetrics(registers, labels.model),
    retries: createRetryMetrics(registers),
    upstreams: createUpstreamMetrics(registers),
    runs: createRunMetrics(registers),
    stores: createStoreMetrics(registers),
    drift: createDriftMetrics(registers),
    config: createConfigMetrics(registers),
    idempotent: (result) => idempotent([result], 1),
    dropped: (signal, count) => dropped([signal], count),
    async exposition(accept) {
      if (!settings.metrics) return undefined;
      await ledger.budgets.refresh();
      return exposition.render(accept);
    },
  };
}
