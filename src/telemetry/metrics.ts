import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

import type { Usage } from '../openai/usage.ts';
import { boundedLabel } from './bounded-label.ts';
import { type LedgerMetrics, createLedgerMetrics } from './ledger-metrics.ts';
import { metricDefinitions as definitions } from './metric-definitions.ts';
import { type RedactionMetrics, createRedactionMetrics } from './redaction-metrics.ts';
import { type RetryMetrics, createRetryMetrics } from './retry-metrics.ts';
import { createTally } from './tally.ts';
import { type UpstreamLimitMetrics, createUpstreamLimitMetrics } from './upstream-limit-metrics.ts';
import { type UpstreamMetrics, createUpstreamMetrics } from './upstream-metrics.ts';

/** One request that has ended. */
export interface RequestMeasures {
  readonly operation: string;
  readonly status: number;
  readonly ending: 'complete' | 'aborted' | 'cut' | 'refused';
  readonly durationMs: number;
  readonly timeToFirstByteMs: number | undefined;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly model: string | undefined;
  readonly usage: Usage | undefined;
}

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
  requestStarted(): void;
  requestEnded(measures: RequestMeasures): void;
  refused(operation: string, code: string): void;
  idempotent(result: IdempotentResult): void;
  /** So many pieces of telemetry were dropped, because nobody took them in time. */
  dropped(signal: 'span', count: number): void;
  readonly ledger: LedgerMetrics;
  readonly redaction: RedactionMetrics;
  readonly upstreamLimits: UpstreamLimitMetrics;
  readonly retries: RetryMetrics;
  readonly upstreams: UpstreamMetrics;
  /** In Prometheus' text format. */
  exposition(): Promise<string>;
  readonly contentType: string;
}

/** @param maxModelLabels distinct model names before further ones count as `other`. */
export function createMetrics(maxModelLabels: number): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = createTally(definitions.requests, registers);
  const refusals = createTally(definitions.refusals, registers);
  const idempotent = createTally(definitions.idempotent, registers);
  const dropped = createTally(definitions.telemetryDropped, registers);
  const requestBytes = createTally(definitions.requestBytes, registers);
  const responseBytes = createTally(definitions.responseBytes, registers);
  const tokens = createTally(definitions.tokens, registers);
  const duration = new Histogram({ ...mutable(definitions.duration), registers });
  const timeToFirstByte = new Histogram({ ...mutable(definitions.timeToFirstByte), registers });
  let running = 0;
  const inFlight: Gauge = new Gauge({
    ...definitions.inFlight,
    registers,
    collect: () => inFlight.set(running),
  });
  const modelLabel = boundedLabel(maxModelLabels);

  return {
    requestStarted() {
      running += 1;
    },
    requestEnded(measures) {
      running -= 1;
      const { operation, timeToFirstByteMs } = measures;
      requests([operation, String(measures.status), measures.ending], 1);
      requestBytes([operation], measures.requestBytes);
      responseBytes([operation], measures.responseBytes);
      const labels = { operation };
      duration.observe(labels, measures.durationMs / 1000);
      if (timeToFirstByteMs !== undefined) timeToFirstByte.observe(labels, timeToFirstByteMs / 1000);
      if (measures.usage) countTokens(operation, modelLabel(measures.model), measures.usage);
    },
    refused(operation, code) {
      refusals([operation, code], 1);
    },
    idempotent: (result) => idempotent([result], 1),
    dropped: (signal, count) => dropped([signal], count),
    ledger: createLedgerMetrics(registers),
    redaction: createRedactionMetrics(registers),
    upstreamLimits: createUpstreamLimitMetrics(registers, modelLabel),
    retries: createRetryMetrics(registers),
    upstreams: createUpstreamMetrics(registers),
    exposition: () => registry.metrics(),
    contentType: registry.contentType,
  };

  function countTokens(operation: string, model: string, usage: Usage): void {
    tokens([operation, model, 'input'], usage.inputTokens);
    tokens([operation, model, 'output'], usage.outputTokens);
    const parts = [
      ['cached_input', usage.cachedInputTokens],
      ['cache_write', usage.cacheWriteTokens],
      ['reasoning', usage.reasoningTokens],
    ] as const;
    for (const [kind, count] of parts) if (count > 0) tokens([operation, model, kind], count);
  }
}

/** prom-client wants an array of its own. */
function mutable<Definition extends { readonly buckets: readonly number[] }>(definition: Definition) {
  return { ...definition, buckets: [...definition.buckets] };
}
